"""Commands, settings and code that the documents quote exist as quoted."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import assistant
from assistant.cli import main
from assistant.settings import Settings

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language: str) -> list[tuple[str, str]]:
    """Code blocks of a language, with the file that holds them."""
    return [
        (path.name, block)
        for path in DOCUMENTS
        for block in re.findall(rf"```{language}\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    ]


def quoted_commands() -> list[tuple[str, list[str]]]:
    """Every `assistant …` line of the documents, split as a shell splits it."""
    found = []
    for name, block in blocks("sh"):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0] in {"assistant", ".venv/bin/assistant"}:
                found.append((f"{name}: {line}", words[1:]))
    return found


@pytest.fixture
def help_of(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COLUMNS", "120")

    def call(*verb: str) -> str:
        with pytest.raises(SystemExit) as stopped:
            main([*verb, "--help"])
        assert not stopped.value.code
        return capsys.readouterr().out

    return call


def options_of(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", text))


def test_quoted_commands_exist_with_their_options(help_of: Any) -> None:
    commands = quoted_commands()
    assert len(commands) > 10
    for line, words in commands:
        verb = words[:2] if words[0] == "corpus" else words[:1]
        known = options_of(help_of(*verb))
        given = {word for word in words if word.startswith("-") and word != "-"}
        assert given <= known, line


def test_command_page_names_every_verb_and_option(help_of: Any) -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    verbs = re.findall(r"^  ([a-z]+)  ", help_of().partition("Commands:")[2], re.M)
    assert len(verbs) > 10
    for verb in verbs:
        section = page.partition(f"\n## assistant {verb}")[2].partition("\n## ")[0]
        assert section, verb
        if verb != "corpus":
            assert options_of(help_of(verb)) <= options_of(section), verb


def test_configuration_page_describes_every_setting() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        assert f"| `ASSISTANT_{name.upper()}` | " in page, name
        assert f"| {field.description} |" in page, name


def test_make_targets_that_are_quoted_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    quoted = {target for _, block in blocks("sh") for target in re.findall(r"^make ([a-z]+)", block, re.M)}
    assert {"run", "test"} <= quoted <= targets


def test_python_examples_use_names_that_exist() -> None:
    examples = blocks("python")
    assert examples
    for name, block in examples:
        compile(block, name, "exec")
        for names in re.findall(r"from assistant import (.+)", block):
            assert all(hasattr(assistant, each.strip()) for each in names.split(",")), block


def test_links_between_documents_lead_somewhere() -> None:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8")):
            if not target.startswith(("http://", "https://")):
                assert (path.parent / target).exists(), f"{path.name}: {target}"
