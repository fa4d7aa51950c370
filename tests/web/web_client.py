"""The page on the server of `assistant serve`, and visitors who send it what no browser would."""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from assistant.serve.app import create_app
from assistant.web.auth import set_user

PASSWORD = "a long password"
KEY = "the key of the server"


def write_users(file: Path, *names: str) -> Path:
    for name in names:
        set_user(file, name, PASSWORD)
    return file


@contextmanager
def mounted(engine: Any, **options: Any) -> Iterator[tuple[str, Any]]:
    """Address of a server with the page at `/`, and the desk behind it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        app = create_app(engine, mount_ui=True, **options)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        up = threading.Event()
        startup = server.startup

        async def started(*arguments: Any, **given: Any) -> None:
            await startup(*arguments, **given)
            up.set()

        server.startup = started  # type: ignore[method-assign]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        assert up.wait(60)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", app.state.desk
        server.should_exit = True
        thread.join(60)


class Visitor:
    """A browser without its manners."""

    def __init__(self, address: str, user: str = "") -> None:
        self.http = httpx.Client(base_url=address, timeout=60)
        self.session = secrets.token_hex(6)
        if user:
            assert self.sign_in(user).status_code == 200
        self.config = self.http.get("/config").json()
        self.components = {c["id"]: c for c in self.config.get("components", ())}
        self.names = {c["props"].get("elem_id"): i for i, c in self.components.items()}

    def sign_in(self, user: str, password: str = PASSWORD) -> httpx.Response:
        return self.http.post("/login", data={"username": user, "password": password})

    def events(self) -> list[dict[str, Any]]:
        """Every event that the page can send."""
        return [d for d in self.config["dependencies"] if d["backend_fn"]]

    def find(self, component: str, event: str) -> dict[str, Any]:
        return next(d for d in self.events() if [self.names[component], event] in d["targets"])

    def data(self, event: dict[str, Any]) -> list[Any]:
        """What the page holds when nothing was touched."""
        return [self.components[i]["props"].get("value") for i in event["inputs"]]

    def join(self, event: dict[str, Any], **body: Any) -> httpx.Response:
        sent = {
            "fn_index": event["id"],
            "session_hash": self.session,
            "trigger_id": event["targets"][0][0],
            "data": self.data(event),
            "event_data": None,
        }
        content = json.dumps({**sent, **body})
        headers = {"content-type": "application/json"}
        return self.http.post("/gradio_api/queue/join", content=content, headers=headers)

    def results(self, session: str = "") -> list[dict[str, Any]]:
        """Messages of the session until its events are over."""
        found = []
        query = {"session_hash": session or self.session}
        with self.http.stream("GET", "/gradio_api/queue/data", params=query) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    found.append(json.loads(line.removeprefix("data: ")))
                    if found[-1]["msg"] in ("close_stream", "process_completed"):
                        break
        return found

    def send(self, component: str, event: str, data: dict[str, Any] | None = None, **body: Any) -> str:
        """Sends an event and returns all that the page is told because of it."""
        joined = self.join(self.find(component, event), event_data=data, **body)
        assert joined.status_code == 200, joined.text
        return json.dumps(self.results(), ensure_ascii=False)

    def upload(self, name: str, text: str) -> str:
        """Sends a file and returns where it lies."""
        reply = self.http.post("/gradio_api/upload", files={"files": (name, text.encode())})
        assert reply.status_code == 200, reply.text
        return str(reply.json()[0])


def record(path: object) -> dict[str, Any]:
    """What Gradio takes for a file that a visitor has uploaded."""
    return {"path": path, "orig_name": "notes.md", "meta": {"_type": "gradio.FileData"}}
