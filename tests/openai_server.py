"""An OpenAI-compatible chat server on loopback whose replies a test scripts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.doubles import yes_no


class ScriptedServer:
    """Speaks `/v1/chat/completions`, streaming and with log-probabilities.

    Args:
        reply: From the text of the last message to the reply.
        margin: From the text of the last message to yes minus no; None refuses `logprobs` with status 400.
        status: Answers every request with this error instead.
    """

    def __init__(
        self, reply: Callable[[str], str], margin: Callable[[str], float] | None, status: int = 200
    ) -> None:
        self.reply, self.margin, self.status = reply, margin, status
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.requests.append(body)
                server.keys.append(self.headers.get("Authorization", ""))
                if server.status != 200:
                    self.send(server.status, error(f"status {server.status}: sk-secret"))
                elif body.get("logprobs") and server.margin is None:
                    self.send(400, error("Unsupported parameter: 'logprobs'"))
                elif self.path != "/v1/chat/completions":
                    self.send(404, error("no such path"))
                elif body.get("stream"):
                    self.stream(server.reply(body["messages"][-1]["content"]))
                else:
                    self.send(200, server.completion(body))

            def send(self, status: int, value: dict[str, Any]) -> None:
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.send_header("x-should-retry", "false")
                self.end_headers()
                self.wfile.write(data)

            def stream(self, text: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                pieces = [text[at : at + 5] for at in range(0, len(text), 5)]
                for piece in pieces:
                    self.event(chunk({"content": piece}, None))
                self.event(chunk({}, "stop"))
                usage = {
                    "prompt_tokens": 20,
                    "completion_tokens": len(pieces),
                    "total_tokens": 20 + len(pieces),
                }
                self.event({**chunk({}, None), "choices": [], "usage": usage})
                self.wfile.write(b"data: [DONE]\n\n")
                self.close_connection = True

            def event(self, value: dict[str, Any]) -> None:
                self.wfile.write(f"data: {json.dumps(value)}\n\n".encode())

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def completion(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt = body["messages"][-1]["content"]
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
        if body.get("logprobs") and self.margin is not None:
            choice["logprobs"] = {
                "content": [{"token": "x", "logprob": 0, "top_logprobs": yes_no(self.margin(prompt))}]
            }
            choice["message"] = {"role": "assistant", "content": "x"}
        else:
            choice["message"] = {"role": "assistant", "content": self.reply(prompt)}
        usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
        return {
            "id": "c",
            "object": "chat.completion",
            "created": 0,
            "model": "m",
            "choices": [choice],
            "usage": usage,
        }

    @contextmanager
    def running(self) -> Iterator[ScriptedServer]:
        thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()


def error(text: str) -> dict[str, Any]:
    return {"error": {"message": text, "type": "invalid_request_error", "param": None, "code": None}}


def chunk(delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
