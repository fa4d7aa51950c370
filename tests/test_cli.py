"""The command line at its door: arguments in, text and exit code out."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from assistant.cli import main, options
from assistant.errors import AssistantError, IndexingError, ModelError
from assistant.index.sync import FileReport, SyncReport
from assistant.schema import (
    Answer,
    AnswerEvent,
    Citation,
    Claim,
    ClaimEvent,
    Disagreement,
    DisagreementValue,
    DocumentInfo,
    Event,
    EvidenceEvent,
    Filters,
    Passage,
    SearchHit,
    SourceNote,
    StepEvent,
    Turn,
)

QUOTE = "Huawei expected about $12 billion of AI chip revenue in 2026."
DOCUMENT = DocumentInfo(
    id="0" * 16,
    path="chips/2026-05-01-huawei.md",
    title="Huawei Ascend 950",
    date=dt.date(2026, 5, 1),
    topic="chips",
)
SOURCE = SourceNote(
    label="8",
    publisher="Reuters",
    title="Huawei expects a jump",
    date="2026-05",
    url="https://example.com/a-rather-long-address/that-must-not-be-broken/over-two-lines/huawei-expects",
)
PASSAGE = Passage(
    id="p1", document=DOCUMENT, text=QUOTE, char_start=0, char_end=len(QUOTE), heading_path=("Orders",)
)
CITATION = Citation(
    number=1, passage=PASSAGE, quote=QUOTE, char_start=0, char_end=len(QUOTE), score=0.9, sources=(SOURCE,)
)
CLAIMS = (
    Claim(text="Huawei expected $12 billion.", citations=(1,), verdict="supported", score=0.9),
    Claim(
        text="It expected 13 billion elsewhere.",
        citations=(1,),
        verdict="partly_supported",
        score=0.4,
        reasons=("number 13 billion is not in the passage",),
    ),
)
ANSWER = Answer(
    question="q",
    standalone_question="q",
    status="answered",
    text="Huawei expected $12 billion. [1] It expected 13 billion elsewhere. [1]",
    claims=CLAIMS,
    citations=(CITATION,),
    searched=98,
    newest=DOCUMENT.date,
    oldest=DOCUMENT.date,
    model="extractive",
    disagreements=(
        Disagreement(
            quantity="AI chip revenue of 2026",
            values=(DisagreementValue(value="$12 billion", publisher="Reuters", date="2026-05", citation=1),),
        ),
    ),
)
REFUSAL = Answer(
    question="q",
    standalone_question="q",
    status="not_in_corpus",
    text="The 98 documents searched do not answer this.",
    nearest=(SearchHit(passage=PASSAGE, score=0.2),),
    searched=98,
)


class Asked(NamedTuple):
    question: str
    history: tuple[Any, ...]
    filters: Filters | None
    passages: int | None = None
    language: str | None = None


class FakeAssistant:
    """Gives one prepared answer and remembers what it was asked."""

    model_name = "extractive"

    def __init__(self) -> None:
        self.answer = ANSWER
        self.asked: list[Asked] = []
        self.failure: BaseException | None = None
        self.report = SyncReport(files=(FileReport(path="a.md", status="added", passages=3),), passages=3)
        self.settings: Any = None
        self.closed = False

    def __enter__(self) -> FakeAssistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Any] = (),
        filters: Filters | None = None,
        passages: int | None = None,
        language: str | None = None,
    ) -> Answer:
        self.asked.append(Asked(question, tuple(history), filters, passages, language))
        if self.failure:
            raise self.failure
        return self.answer

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Any] = (),
        filters: Filters | None = None,
        passages: int | None = None,
        language: str | None = None,
    ) -> Iterator[Event]:
        self.asked.append(Asked(question, tuple(history), filters, passages, language))
        yield StepEvent(stage="retrieve", message="Searching")
        yield EvidenceEvent(hits=(SearchHit(passage=PASSAGE, score=1.0),))
        for claim in CLAIMS:
            yield ClaimEvent(claim=claim)
        yield AnswerEvent(answer=self.answer)

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[SearchHit]:
        self.asked.append(Asked(query, (), filters))
        return [SearchHit(passage=PASSAGE, score=0.5)][:k]

    def documents(self, filters: Filters | None = None) -> list[DocumentInfo]:
        return [DOCUMENT]

    def sync(self, progress: Any = None) -> SyncReport:
        progress(1, 1, "a.md")
        return self.report

    def add_documents(self, paths: Sequence[Path], *, collection: str, progress: Any) -> SyncReport:
        return self.report

    def remove(self, paths: Sequence[str], *, collection: str) -> int:
        return sum(path == "a.md" for path in paths)


@pytest.fixture
def assistant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAssistant:
    fake = FakeAssistant()

    def make(settings: Any) -> FakeAssistant:
        fake.settings = settings
        return fake

    monkeypatch.setattr(options, "make_assistant", make)
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return fake


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> Result:
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Result(int(stopped.value.code or 0), printed.out, printed.err)

    return call


def test_answer_names_verdicts_quotes_and_primary_sources(assistant: FakeAssistant, run: Any) -> None:
    result = run("ask", "What does Huawei expect?")
    assert result.code == 0
    assert "✓ Huawei expected $12 billion. [1]" in result.out
    assert "~ It expected 13 billion elsewhere. [1]" in result.out
    assert "number 13 billion is not in the passage" in result.out
    assert "[1] Huawei Ascend 950, 2026-05-01 (chips/2026-05-01-huawei.md)" in result.out
    assert f"“{QUOTE}”" in result.out
    assert f"Source: Reuters, “Huawei expects a jump”, 2026-05, {SOURCE.url}" in result.out
    assert "differ on AI chip revenue of 2026" in result.out
    assert "98 documents searched" in result.out
    assert "model extractive" in result.out


def test_json_is_the_answer_and_nothing_else(assistant: FakeAssistant, run: Any) -> None:
    result = run("ask", "q", "--json")
    assert Answer.model_validate_json(result.out) == ANSWER


def test_refusal_tells_what_was_searched_and_what_came_near(assistant: FakeAssistant, run: Any) -> None:
    assistant.answer = REFUSAL
    result = run("ask", "q")
    assert result.code == 0
    assert "The 98 documents searched do not answer this." in result.out
    assert "do not answer it" in result.out
    assert "Huawei Ascend 950" in result.out
    assert "Source:" not in result.out


class Terminal:
    """Standard output that says it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(run: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    def call(*arguments: str) -> str:
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", terminal)
            patch.setenv("COLUMNS", "200")
            patch.setenv("TERM", "dumb")
            assert run(*arguments).code == 0
        return terminal.text

    return call


def test_terminal_gets_each_sentence_once_and_then_its_footnotes(
    assistant: FakeAssistant, on_terminal: Any
) -> None:
    text = on_terminal("ask", "q")
    assert text.count("Huawei expected $12 billion.") == 1
    assert text.index("It expected 13 billion") < text.index("Source: Reuters")


def test_terminal_gets_the_whole_answer_when_composing_changed_it(
    assistant: FakeAssistant, on_terminal: Any
) -> None:
    assistant.answer = ANSWER.model_copy(update={"claims": CLAIMS[:1]})
    text = on_terminal("ask", "q")
    assert text.count("Huawei expected $12 billion.") == 2
    assert "after all checks" in text


def test_control_characters_of_documents_do_not_reach_the_terminal(
    assistant: FakeAssistant, run: Any
) -> None:
    hostile = PASSAGE.model_copy(
        update={"document": DOCUMENT.model_copy(update={"title": "\x1b]0;owned\x07 [bold]T[/bold] \u202e"})}
    )
    assistant.answer = ANSWER.model_copy(
        update={"citations": (CITATION.model_copy(update={"passage": hostile}),)}
    )
    out = run("ask", "q").out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\u202e" not in out
    assert "[bold]T[/bold]" in out


def test_options_become_filters_and_settings(assistant: FakeAssistant, run: Any, tmp_path: Path) -> None:
    arguments = (
        "--topic",
        "chips",
        "--topic",
        "trade",
        "--entity",
        "Huawei",
        "--since",
        "2026-01-01",
        "--k",
        "7",
        "--language",
        "en",
        "--answer-language",
        "zh",
    )
    run("ask", "q", *arguments, "--until", "2026-06-30", "--model", "extractive", "--home", str(tmp_path))
    assert assistant.asked[0].filters == Filters(
        topics=("chips", "trade"),
        entities=("Huawei",),
        since=dt.date(2026, 1, 1),
        until=dt.date(2026, 6, 30),
        languages=("en",),
    )
    assert (assistant.asked[0].passages, assistant.asked[0].language) == (7, "zh")
    assert assistant.settings.model == "extractive"
    assert assistant.settings.home == tmp_path
    assert assistant.closed


def test_history_file_is_read_and_extended(assistant: FakeAssistant, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    run("ask", "first", "--history", str(file))
    run("ask", "second", "--history", str(file))
    assert assistant.asked[0].history == ()
    assert assistant.asked[1].history == (Turn(question="first", answer=ANSWER.text),)
    assert [turn["question"] for turn in json.loads(file.read_text("utf-8"))] == ["first", "second"]
    assert [f.name for f in tmp_path.iterdir()] == ["talk.json"]


def test_damaged_history_file_is_named_and_left_alone(
    assistant: FakeAssistant, run: Any, tmp_path: Path
) -> None:
    file = tmp_path / "talk.json"
    file.write_text("not json")
    result = run("ask", "q", "--history", str(file))
    assert result.code == 1
    assert "talk.json" in result.err
    assert file.read_text() == "not json"
    assert not assistant.asked


def test_question_from_standard_input(
    assistant: FakeAssistant, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO("Who makes Ascend?\n"))
    run("ask", "-")
    assert assistant.asked[0].question.strip() == "Who makes Ascend?"


@pytest.mark.parametrize("question", ["", "  \n", "?!"])
def test_empty_question_is_one_line(assistant: FakeAssistant, run: Any, question: str) -> None:
    result = run("ask", question)
    assert result.code == 1
    assert result.err.startswith("Error: The question is empty.")
    assert result.err.count("\n") == 1


def test_error_of_the_engine_is_one_line_with_its_way_out(assistant: FakeAssistant, run: Any) -> None:
    assistant.failure = ModelError("The key was\nrefused.", "Set ASSISTANT_API_KEY.")
    result = run("ask", "q")
    assert (result.code, result.out) == (1, "")
    assert result.err == "Error: The key was refused. Set ASSISTANT_API_KEY.\n"


def test_unknown_model_is_told_before_anything_is_indexed(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path / "home"))
    result = run("ask", "q", "--model", "nosuch")
    assert result.code == 1
    assert result.err.startswith("Error: The model 'nosuch' is not known.")
    assert not (tmp_path / "home").exists()


def test_interruption_has_its_exit_code(assistant: FakeAssistant, run: Any) -> None:
    assistant.failure = KeyboardInterrupt()
    assert run("ask", "q").code == 130


def test_unexpected_error_is_one_line_too(assistant: FakeAssistant, run: Any) -> None:
    assistant.failure = ZeroDivisionError("division by zero")
    result = run("ask", "q")
    assert result.code == 1
    assert "ZeroDivisionError" in result.err
    assert "report" in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask",),
        ("ask", "q", "--since", "yesterday"),
        ("ask", "q", "--since", "2026-02-01", "--until", "2026-01-01"),
        ("ask", "q", "--json", "--markdown"),
        ("ask", "q", "--k", "0"),
        ("search", "q", "--k", "many"),
        ("no-such-verb",),
    ],
)
def test_wrong_usage_has_exit_code_2(assistant: FakeAssistant, run: Any, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert result.err
    assert not assistant.asked


def test_search_prints_passages_and_json(assistant: FakeAssistant, run: Any) -> None:
    told = run("search", "Ascend", "--k", "3").out
    assert "1. Huawei Ascend 950 > Orders, 2026-05-01 (chips/2026-05-01-huawei.md)" in told
    assert QUOTE in told
    rows = json.loads(run("search", "Ascend", "--json").out)
    assert rows[0]["passage"]["document"]["path"] == DOCUMENT.path


def test_index_reports_counts_and_names_failures(assistant: FakeAssistant, run: Any) -> None:
    failed = FileReport(path="b.pdf", status="failed", reason="It is encrypted.")
    assistant.report = SyncReport(files=(*assistant.report.files, failed), passages=3, seconds=1.5)
    result = run("index")
    assert result.code == 0
    assert "failed b.pdf: It is encrypted." in result.out
    assert "1 added, 1 failed; 3 passages" in result.out


def test_ingest_fails_when_no_file_could_be_read(assistant: FakeAssistant, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "b.pdf"
    file.touch()
    assistant.report = SyncReport(files=(FileReport(path="b.pdf", status="failed", reason="Empty."),))
    assert run("ingest", str(file)).code == 1
    assert run("ingest", str(tmp_path / "absent.pdf")).err.startswith("Error: There is no file or folder")


def test_documents_and_remove(assistant: FakeAssistant, run: Any) -> None:
    assert "chips/2026-05-01-huawei.md" in run("documents").out
    assert run("remove", "a.md").out == "1 removed\n"
    assert run("remove", "z.md").code == 1


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
    assert assistant.settings.auth == Path("users.txt")
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


def test_corpus_check_accepts_the_corpus_and_names_a_broken_document(run: Any, tmp_path: Path) -> None:
    assert run("corpus", "check").code == 0
    (tmp_path / "a.md").write_text("# No front matter\n\nA sentence.[^1]\n")
    result = run("corpus", "check", str(tmp_path))
    assert result.code == 1
    assert "a.md:" in result.out
    assert run("corpus", "check", str(tmp_path / "absent")).code == 1


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from assistant.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "heavy = {'torch', 'gradio', 'chromadb', 'langchain_core', 'numpy', 'yaml'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert "HEAVY []" in done.stdout, done.stdout[-300:] + done.stderr[-300:]
    assert "ask" in done.stdout


def test_every_error_class_reaches_the_user_as_its_text(assistant: FakeAssistant, run: Any) -> None:
    for kind in (AssistantError, IndexingError, ModelError):
        assistant.failure = kind("It broke.", "Do this.")
        assert run("ask", "q").err == "Error: It broke. Do this.\n"
