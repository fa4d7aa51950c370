"""Settings from the environment and from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .fakes import FakeAssistant


def test_settings_hide_secrets(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSISTANT_API_KEY", "sk-very-secret")
    monkeypatch.setenv("ASSISTANT_MODEL", "extractive")
    for arguments in (("settings",), ("settings", "--json")):
        out = run(*arguments).out
        assert "sk-very-secret" not in out
        assert "ASSISTANT_API_KEY" in out
    rows = {row["name"]: row for row in json.loads(run("settings", "--json").out)}
    assert rows["api_key"]["value"] == "set"
    assert rows["embedding_api_key"]["value"] == "not set"
    assert (rows["model"]["value"], rows["model"]["is_default"]) == ("extractive", False)
    assert rows["timeout"]["is_default"]
    assert all(row["description"] for row in rows.values())


def test_keys_of_the_server_and_the_page_may_stand_in_the_settings_file(
    assistant: FakeAssistant, run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from assistant.serve import command

    (tmp_path / ".env").write_text("ASSISTANT_SERVE_KEY=from-the-file\nASSISTANT_AUTH=users.txt\n")
    monkeypatch.chdir(tmp_path)
    seen: list[str | None] = []
    monkeypatch.setattr(command, "run_http", lambda *_, api_key, **options: seen.append(api_key))
    assert run("serve").code == 0 and run("serve", "--api-key", "given").code == 0
    assert seen == ["from-the-file", "given"]
    assert assistant.settings.auth == Path("users.txt").absolute()
    (tmp_path / ".env").write_text("ASSISTANT_SERVE_KEY=\nASSISTANT_AUTH=\n")
    assert run("serve").code == 0 and seen[-1] is None and assistant.settings.auth is None


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("assistant.toml", "no_such_setting = 1\n", "no_such_setting"),
        ("assistant.toml", "temperature = 9\n", "temperature"),
        ("assistant.toml", "this is not toml\n", "assistant.toml"),
        (".env", "ASSISTANT_NO_SUCH=1\n", "no_such"),
    ],
)
def test_wrong_settings_file_is_one_line(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, content: str, told: str
) -> None:
    (tmp_path / file).write_text(content)
    monkeypatch.chdir(tmp_path)
    result = run("settings")
    assert result.code == 1
    assert told in result.err.lower()
    assert "Unexpected" not in result.err
