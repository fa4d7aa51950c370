"""Keys are planted wherever the assistant takes one; nothing that it says, writes or logs may hold them."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant import Assistant
from assistant.cli import main
from assistant.errors import AssistantError, ConfigurationError
from assistant.serve.app import create_app
from assistant.settings import load_settings
from tests.doubles import WordEmbeddings
from tests.openai_server import ScriptedServer

pytestmark = pytest.mark.usefixtures("steady")

PLANTED = {
    "ASSISTANT_API_KEY": "sk-planted-chat-1111",
    "ASSISTANT_EMBEDDING_API_KEY": "sk-planted-embedding-2222",
    "ASSISTANT_SERVE_KEY": "planted-serve-3333",
    "ASSISTANT_CHROMA_TOKEN": "planted-chroma-4444",
    "OPENAI_API_KEY": "sk-planted-openai-5555",
    "ANTHROPIC_API_KEY": "sk-planted-anthropic-6666",
    "LANGSMITH_API_KEY": "planted-langsmith-7777",
}
QUESTION = "Zorbium Works shipped how many quartz chips in March 2026?"
TEXT = "# Quartz chips\n\nZorbium Works shipped 4,200 quartz chips in March 2026.\n"


def leaked(text: str | bytes) -> list[str]:
    """Names of the planted keys that a text holds."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return [name for name, key in PLANTED.items() if key.encode() in data]


@pytest.fixture(autouse=True)
def planted(
    bare_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """Keys in the environment, and a look at every log record of the test after it."""
    for name, key in PLANTED.items():
        monkeypatch.setenv(name, key)
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASSISTANT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ASSISTANT_MODEL", "extractive")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.md").write_text(TEXT)
    monkeypatch.setenv("ASSISTANT_CORPUS", str(corpus))
    caplog.set_level(logging.DEBUG)
    yield
    told = "\n".join(logging.Formatter("%(message)s").format(record) for record in caplog.records)
    assert not leaked(told)


def test_the_test_finds_a_key_that_is_shown() -> None:
    assert leaked(f"Bearer {PLANTED['ASSISTANT_SERVE_KEY']}") == ["ASSISTANT_SERVE_KEY"]
    settings = load_settings()
    assert settings.api_key is not None
    assert leaked(settings.api_key.get_secret_value()) == ["ASSISTANT_API_KEY"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("settings",),
        ("settings", "--json"),
        ("doctor",),
        ("doctor", "--json"),
        ("serve", "--help"),
        ("ask", "--model", "no-such-model", QUESTION),
        ("ask", "--model", "openai:", QUESTION),
        ("documents", "--home", "\0"),
    ],
)
def test_commands_print_no_key(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant import doctor

    monkeypatch.setattr(doctor, "_model_in_use", lambda settings: "extractive")
    with pytest.raises(SystemExit):
        main(list(arguments))
    printed = capsys.readouterr()
    assert printed.out or printed.err
    assert not leaked(printed.out + printed.err)


def test_settings_show_no_key_in_any_form() -> None:
    settings = load_settings()
    shown = [str(settings), repr(settings), settings.model_dump_json(), str(settings.model_dump())]
    shown += [repr(Assistant(settings=settings)), str(vars(settings))]
    assert not leaked("\n".join(shown))


def test_a_key_under_a_wrong_name_or_in_a_wrong_place_is_not_repeated(tmp_path: Path) -> None:
    key = PLANTED["ASSISTANT_API_KEY"]
    for line in (
        f"ASSISTANT_APIKEY={key}",
        f"ASSISTANT_TIMEOUT={key}",
        f"ASSISTANT_BASE_URL=https://u:{key}@host",
    ):
        Path(".env").write_text(line + "\n")
        with pytest.raises(ConfigurationError) as caught:
            load_settings()
        assert not leaked(f"{caught.value} {caught.value.__cause__} {caught.value.__cause__!r}"), line
    Path(".env").unlink()
    Path("assistant.toml").write_text(f'api_key = "{key}\n')
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert not leaked(str(caught.value))


@pytest.mark.parametrize("address", ["https://user:password@host/v1", "https://host/v1?api-key=sk-1"])
def test_an_address_that_holds_a_key_is_refused(address: str) -> None:
    for name in ("base_url", "embedding_base_url", "chroma_url"):
        with pytest.raises(ConfigurationError, match="no user, password or key"):
            load_settings(**{name: address})
    assert load_settings(base_url="http://localhost:8000/v1").base_url == "http://localhost:8000/v1"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_what_a_provider_says_of_a_key_is_not_passed_on(
    status: int,
) -> None:
    # Its errors repeat a key, as those of some providers do.
    server = ScriptedServer(lambda _: "", None, status)
    with server.running():
        settings = load_settings(model="openai:gpt-x", base_url=server.url, generation="write")
        with (
            Assistant(settings=settings, embedding=WordEmbeddings()) as assistant,
            pytest.raises(AssistantError) as caught,
        ):
            assistant.ask(QUESTION)
    assert server.keys and leaked(server.keys[0]) == ["ASSISTANT_API_KEY"]
    assert not leaked(str(caught.value)) and "sk-secret" not in str(caught.value)


def test_answers_exports_and_files_hold_no_key(tmp_path: Path) -> None:
    from assistant.batch import BatchOptions

    settings = load_settings(base_url="http://localhost:9/v1")
    with Assistant(settings=settings, embedding=WordEmbeddings()) as assistant:
        answer = assistant.ask(QUESTION)
        assert answer.status == "answered"
        shown = [answer.model_dump_json(), answer.to_markdown(), repr(answer)]
        (tmp_path / "questions.csv").write_text(f"question\n{QUESTION}\n")
        outputs = [tmp_path / f"out.{kind}" for kind in ("jsonl", "csv", "md", "html")]
        assistant.batch_file(tmp_path / "questions.csv", outputs, BatchOptions())
    assert not leaked("\n".join(shown)) and not leaked(pickle.dumps(answer))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in outputs} <= {path.name for path in files} and len(files) > 8
    assert [(path.name, leaked(path.read_bytes())) for path in files if leaked(path.read_bytes())] == []


async def test_the_server_tells_no_key() -> None:
    settings = load_settings()
    with Assistant(settings=settings, embedding=WordEmbeddings()) as assistant:
        key = PLANTED["ASSISTANT_SERVE_KEY"]
        app = create_app(assistant, api_key=key)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as http:
            replies = [await http.get("/health")]
            for given in ("", "Bearer wrong", f"Basic {key}", f"Bearer {key}x", f"Bearer {key}"):
                headers = {"authorization": given}
                for path in (
                    "/metrics",
                    "/v1/models",
                    "/openapi.json",
                    "/v1/documents",
                    "/v1/documents/corpus/x",
                    "/none",
                ):
                    replies.append(await http.get(path, headers=headers))
                body: Any = {"messages": [{"role": "user", "content": QUESTION}]}
                for wrong in (
                    body,
                    {},
                    {**body, "model": "openai:none"},
                    {**body, "filters": {"since": "soon"}},
                ):
                    replies.append(await http.post("/v1/chat/completions", json=wrong, headers=headers))
                replies.append(await http.post("/v1/search", content=b"{", headers=headers))
    assert {reply.status_code for reply in replies} >= {200, 400, 401, 404}
    for reply in replies:
        assert not leaked(reply.content) and not leaked(json.dumps(dict(reply.headers)))
