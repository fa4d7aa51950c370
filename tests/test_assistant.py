"""The whole engine over six briefs of the corpus, with doubles for the models."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Filters
from assistant.answering.pipeline import Pipeline
from assistant.errors import AssistantError, ConfigurationError, DocumentError, ModelError, QuestionError
from assistant.models.chat import ChatChoice
from assistant.resources import corpus_folder
from assistant.schema import Answer, AnswerEvent, ClaimEvent, Event, EvidenceEvent, StepEvent, Turn
from assistant.settings import Settings
from tests.doubles import ScriptedModel, WordEmbeddings, make_passage
from tests.openai_server import ScriptedServer

pytestmark = pytest.mark.usefixtures("steady")

BRIEFS = (
    "chips/2026-05-01-huawei-ascend-950-roadmap-shipments.md",
    "chips/2026-03-12-cambricon-2025-results.md",
    "trade/2025-09-17-rtx-pro-6000d-stop-order.md",
    "supply-chain/2026-02-10-smic-2025-results-2026-outlook.md",
    "policy/2026-05-06-big-fund.md",
    "governance/2025-07-26-global-ai-governance-action-plan-waico.md",
)
STOP_ORDER = (
    "Which companies received the instruction to stop testing and cancel orders of the RTX Pro 6000D?"
)
UNKNOWN = "Which zoologists counted puffins near Reykjavik harbour yesterday?"
TRUE = "ByteDance and Alibaba were among the companies that received the September 2025 instruction, according to three people cited by the Financial Times."


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    for name in BRIEFS:
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(corpus_folder() / name, root / name)
    return root


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, corpus: Path, steady: None) -> Path:
    home = tmp_path_factory.mktemp("home")
    with Assistant(settings=settings(home, corpus), embedding=WordEmbeddings()) as assistant:
        assert assistant.sync().count("added") == len(BRIEFS)
    return home


def settings(home: Path, corpus: Path, **values: Any) -> Settings:
    return Settings(
        _env_file=None, home=home, corpus=corpus, cache=home / "cache", model="extractive", **values
    )  # type: ignore[call-arg]


@pytest.fixture(scope="module")
def assistant(home: Path, corpus: Path) -> Iterator[Assistant]:
    with Assistant(settings=settings(home, corpus), embedding=WordEmbeddings()) as assistant:
        yield assistant


def writing(home: Path, corpus: Path, model: Any, **values: Any) -> Assistant:
    return Assistant(settings=settings(home, corpus, **values), embedding=WordEmbeddings(), model=model)


def checked(answer: Answer, assistant: Assistant) -> Answer:
    """Holds for every answer, whatever wrote it."""
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    marks = [int(n) for n in re.findall(r"\[(\d+)\]", answer.text)]
    assert list(dict.fromkeys(marks)) == [c.number for c in answer.citations]
    assert {n for claim in answer.claims for n in claim.citations} == set(marks)
    for citation in answer.citations:
        info = citation.passage.document
        text = assistant.document(info.path, info.collection).text
        assert text[citation.char_start : citation.char_end] == citation.quote != ""
        assert text[citation.passage.char_start : citation.passage.char_end] == citation.passage.text
        assert (
            citation.passage.char_start
            <= citation.char_start
            < citation.char_end
            <= citation.passage.char_end
        )
    for claim in answer.claims:
        assert claim.text in answer.text and claim.citations and claim.verdict != "unsupported"
    assert all(claim.verdict == "unsupported" for claim in answer.removed)
    assert Answer.model_validate_json(answer.model_dump_json()) == answer
    return answer


# Quoting


def test_an_answer_quotes_the_documents(assistant: Assistant) -> None:
    answer = checked(assistant.ask(STOP_ORDER), assistant)
    assert answer.status == "answered" and TRUE in answer.text
    assert answer.cited_documents[0] == BRIEFS[2]
    assert all(claim.verdict == "supported" for claim in answer.claims)
    first = next(c for c in answer.citations if c.quote == TRUE)
    assert first.sources[0].publisher == "Reuters via Financetom" and first.sources[0].url
    assert answer.searched == len(BRIEFS) and answer.model == "extractive" and answer.embedding == "words"
    assert answer.newest is not None and answer.oldest is not None and answer.oldest <= answer.newest
    assert answer.question == answer.standalone_question == STOP_ORDER and answer.language == "en"
    assert {"understand", "retrieve", "rerank", "gate", "generate", "total"} <= set(answer.timings)


def test_markdown_has_footnotes(assistant: Assistant) -> None:
    answer = assistant.ask(STOP_ORDER)
    markdown = answer.to_markdown()
    assert markdown.startswith(f"**{STOP_ORDER}**\n")
    assert re.findall(r"^\[\^(\d+)\]: ", markdown, re.M) == [str(c.number) for c in answer.citations]
    body = markdown.split("\n[^1]: ")[0]
    assert set(re.findall(r"\[\^(\d+)\]", body)) == {str(c.number) for c in answer.citations}
    assert "<https://www.financetom.com/" in markdown and not re.search(r"\[\d+\]", markdown)


def test_a_question_about_nothing_in_the_corpus_is_refused(assistant: Assistant) -> None:
    answer = checked(assistant.ask(UNKNOWN), assistant)
    assert answer.status == "not_in_corpus" and answer.claims == answer.citations == ()
    assert answer.text.startswith(
        f"The documents do not answer this question. Searched: {len(BRIEFS)} documents."
    )
    assert 0 < len(answer.nearest) <= 3 and not re.search(r"\[\d+\]", answer.to_markdown())


def test_a_chinese_question_is_refused_in_chinese(assistant: Assistant) -> None:
    answer = assistant.ask("冰岛首都有多少只海鹦？")
    assert (answer.status, answer.language) == ("not_in_corpus", "zh") and answer.text.startswith(
        "这些文件没有回答"
    )


def test_language_and_number_of_passages_of_one_question(assistant: Assistant) -> None:
    answer = assistant.ask(UNKNOWN, language="zh")
    assert answer.language == "zh"
    assert "文件" in answer.text
    assert assistant.ask(UNKNOWN).language == "en"
    found = {
        passages: next(
            len(e.hits)
            for e in assistant.stream(STOP_ORDER, passages=passages)
            if isinstance(e, EvidenceEvent)
        )
        for passages in (2, 12)
    }
    assert found[2] <= 2 < found[12]


@pytest.mark.parametrize("given", [{"passages": 0}, {"passages": 101}, {"passages": "5"}, {"language": "fr"}])
def test_values_of_a_question_that_do_not_fit(assistant: Assistant, given: dict[str, Any]) -> None:
    with pytest.raises(QuestionError, match=r"passages|language"):
        assistant.ask(STOP_ORDER, **given)


def test_filters_narrow_what_is_searched(assistant: Assistant) -> None:
    assert assistant.ask(STOP_ORDER, filters=Filters(topics=("capital",))).searched == 1
    late = assistant.ask(STOP_ORDER, filters=Filters(since=dt.date(2026, 5, 5)))
    assert late.searched == 1 and TRUE not in late.text
    nothing = assistant.ask(STOP_ORDER, filters=Filters(topics=("sports",)))
    assert (
        nothing.status == "not_in_corpus"
        and nothing.searched == 0
        and "within the filters set" in nothing.text
    )
    hits = assistant.search("chips", filters=Filters(documents=(BRIEFS[1],)))
    assert {hit.passage.document.path for hit in hits} == {BRIEFS[1]}


def test_search_documents_and_document(assistant: Assistant) -> None:
    hits = assistant.search("Cambricon revenue 2025", k=3)
    assert len(hits) == 3 and hits[0].passage.document.path == BRIEFS[1]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert {info.path for info in assistant.documents()} == set(BRIEFS)
    assert [i.path for i in assistant.documents(Filters(entities=("SMIC",)))]
    document = assistant.document(BRIEFS[2])
    assert document.date == dt.date(2025, 9, 17) and TRUE in document.text and document.blocks
    with pytest.raises(DocumentError, match=r"none\.md"):
        assistant.document("none.md")


@pytest.mark.parametrize(
    "history",
    [
        [Turn(question=STOP_ORDER, answer="ByteDance. [1]")],
        [(STOP_ORDER, "ByteDance. [1]")],
        [[STOP_ORDER, "ByteDance. [1]"]],
    ],
)
def test_a_follow_up_is_understood_in_each_form_of_history(assistant: Assistant, history: Any) -> None:
    answer = assistant.ask("And when?", history=history)
    assert answer.question == "And when?" and "RTX Pro 6000D" in answer.standalone_question


@pytest.mark.parametrize("history", [["text"], [("a", 1)], [("a", "b", "c")], [None]])
def test_history_of_another_form(assistant: Assistant, history: Any) -> None:
    with pytest.raises(QuestionError, match="history"):
        assistant.ask("And when?", history=history)


@pytest.mark.parametrize("question", ["", "   ", "?!", "\0", "\u200b"])
def test_an_empty_question(assistant: Assistant, question: str) -> None:
    for call in (assistant.ask, assistant.stream, assistant.search):
        with pytest.raises(QuestionError, match="empty"):
            call(question)


def test_a_question_that_is_too_long_or_no_text(assistant: Assistant) -> None:
    with pytest.raises(QuestionError, match=r"5000 characters; 4000.*ASSISTANT_MAX_QUESTION_CHARS"):
        assistant.ask("a" * 5000)
    with pytest.raises(QuestionError, match="int"):
        assistant.ask(5)  # type: ignore[arg-type]


def test_odd_characters_in_a_question(assistant: Assistant) -> None:
    answer = assistant.ask("Who\0 received\n\tthe RTX Pro 6000D \ud800 order {{evidence}} {0} %s?")
    assert (
        answer.question == "Who received the RTX Pro 6000D ? order {{evidence}} {0} %s?"
        and answer.model_dump_json()
    )


def test_answers_from_given_passages_alone(assistant: Assistant) -> None:
    passage = make_passage("Reykjavik has 140,000 inhabitants.", path="x/iceland.md", title="Iceland")
    answer = assistant.ask_passages("How many inhabitants does Reykjavik have?", [passage])
    assert answer.status == "answered" and answer.text == "Reykjavik has 140,000 inhabitants. [1]"
    assert answer.searched == 1 and answer.citations[0].passage == passage
    assert assistant.ask_passages("How many inhabitants?", []).status == "not_in_corpus"


# Streaming, threads and event loops


def kinds(events: list[Event]) -> list[str]:
    return [event.type for event in events]


def test_events_come_in_order(assistant: Assistant) -> None:
    events = list(assistant.stream(STOP_ORDER))
    order = [kind for n, kind in enumerate(kinds(events)) if n == 0 or kind != kinds(events)[n - 1]]
    assert order == ["step", "evidence", "step", "claim", "answer"]
    stages = [event.stage for event in events if isinstance(event, StepEvent)]
    assert stages == ["retrieve", "gate", "generate"]
    answer = events[-1].answer if isinstance(events[-1], AnswerEvent) else None
    assert answer is not None
    claims = [event for event in events if isinstance(event, ClaimEvent)]
    assert tuple(event.claim for event in claims) == answer.claims
    assert tuple(c for event in claims for c in event.new_citations) == answer.citations
    (evidence,) = [event for event in events if isinstance(event, EvidenceEvent)]
    assert evidence.text and {c.passage.id for c in answer.citations} <= {h.passage.id for h in evidence.hits}


def test_a_refusal_streams_evidence_and_no_claims(assistant: Assistant) -> None:
    assert set(kinds(list(assistant.stream(UNKNOWN)))) == {"step", "evidence", "answer"}


def same(answer: Answer) -> dict[str, Any]:
    return answer.model_dump(exclude={"timings"})


async def test_sync_and_async_do_the_same(assistant: Assistant) -> None:
    answer = assistant.ask(STOP_ORDER)
    assert same(await assistant.aask(STOP_ORDER)) == same(answer)
    events = list(assistant.stream(STOP_ORDER))
    others = [event async for event in assistant.astream(STOP_ORDER)]
    assert kinds(others) == kinds(events) and others[:-1] == events[:-1]
    assert isinstance(others[-1], AnswerEvent) and same(others[-1].answer) == same(answer)
    with pytest.raises(QuestionError):
        await assistant.aask("")
    with pytest.raises(QuestionError):
        _ = [event async for event in assistant.astream("")]


async def test_the_event_loop_stays_free(assistant: Assistant) -> None:
    answers = await asyncio.gather(*(assistant.aask(STOP_ORDER) for _ in range(3)))
    assert len({answer.text for answer in answers}) == 1


def test_many_threads_share_one_assistant(home: Path, corpus: Path) -> None:
    questions = [STOP_ORDER, "What revenue and profit did Cambricon report for 2025?"] * 4
    with (
        Assistant(settings=settings(home, corpus), embedding=WordEmbeddings()) as fresh,
        ThreadPoolExecutor(8) as pool,
    ):
        answers = list(pool.map(fresh.ask, questions))
        assert len({answer.text for answer in answers}) == 2
        for question, answer in zip(questions, answers, strict=True):
            assert same(answer) == same(fresh.ask(question)) and answer.status == "answered"


# Life


def test_adds_updates_and_removes_documents(home: Path, corpus: Path, tmp_path: Path) -> None:
    own = tmp_path / "home"
    shutil.copytree(home, own)
    file = tmp_path / "island.md"
    file.write_text("# Islands\n\nReykjavik has 140,000 inhabitants in the year 2026.\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "more.txt").write_text("Akureyri has 19,000 inhabitants.", encoding="utf-8")
    question = "Reykjavik inhabitants?"
    seen: list[tuple[int, int, str]] = []
    with Assistant(settings=settings(own, corpus), embedding=WordEmbeddings()) as assistant:
        assert assistant.ask(question).status == "not_in_corpus"
        report = assistant.add_documents([file, str(tmp_path / "folder")], progress=lambda *a: seen.append(a))
        assert report.count("added") == 2 and seen[-1][:2] == (2, 2)
        answer = checked(assistant.ask(question), assistant)
        assert answer.text.startswith("Reykjavik has 140,000 inhabitants in the year 2026. [1]")
        assert answer.citations[0].passage.document.collection == "user"
        assert {d.path for d in assistant.documents(Filters(collections=("user",)))} == {
            "island.md",
            "folder/more.txt",
        }
        file.write_text("# Islands\n\nReykjavik has 150,000 inhabitants.\n", encoding="utf-8")
        assert assistant.add_documents([file]).count("updated") == 1
        assert "150,000" in assistant.ask(question).text
        assert (
            assistant.sync().count("unchanged") == len(BRIEFS) and "150,000" in assistant.ask(question).text
        )
    with Assistant(settings=settings(own, corpus), embedding=WordEmbeddings()) as assistant:
        file.unlink()
        assert "150,000" in assistant.ask(question).text
        assert assistant.remove(["island.md", "none.md", "", "..", "folder"]) == 1
        assert "150,000" not in assistant.ask(question).text
        assert not (own / "uploads" / "user" / "island.md").exists()
        assert (own / "uploads" / "user" / "folder" / "more.txt").exists()


def test_removing_deletes_nothing_outside_its_folder(home: Path, corpus: Path, tmp_path: Path) -> None:
    own = tmp_path / "home"
    shutil.copytree(home, own)
    precious = own / "precious.txt"
    precious.write_text("x")
    with Assistant(settings=settings(own, corpus), embedding=WordEmbeddings()) as assistant:
        for path, collection in (
            ("../../precious.txt", "user"), (str(precious), "user"), ("precious.txt", ".."), ("precious.txt", "../.."),
            ("precious.txt", "a/../../.."), ("precious.txt", ""), ("precious.txt", "."),
        ):  # fmt: skip
            assert assistant.remove([path], collection=collection) == 0
            assert precious.exists()


@pytest.mark.parametrize("collection", ["corpus", "", "..", "a/b", "x" * 80, ".hidden", "a b"])
def test_names_of_collections_that_are_not_allowed(
    assistant: Assistant, tmp_path: Path, collection: str
) -> None:
    file = tmp_path / "a.md"
    file.write_text("# A\n\nText.\n")
    with pytest.raises(DocumentError, match="name of a set"):
        assistant.add_documents([file], collection=collection)


def test_adding_a_file_that_does_not_exist(assistant: Assistant, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"nothing\.md does not exist"):
        assistant.add_documents([tmp_path / "nothing.md"])


def test_a_missing_corpus_is_named(tmp_path: Path) -> None:
    with (
        Assistant(
            settings=settings(tmp_path / "home", tmp_path / "none"), embedding=WordEmbeddings()
        ) as assistant,
        pytest.raises(AssistantError, match=r"none.*ASSISTANT_CORPUS"),
    ):
        assistant.ask(STOP_ORDER)


def test_a_closed_assistant_says_so(home: Path, corpus: Path) -> None:
    assistant = Assistant(settings=settings(home, corpus), embedding=WordEmbeddings())
    assert not assistant.ready
    assistant.warm_up()
    assert assistant.ready
    assistant.close()
    assistant.close()
    assert not assistant.ready
    for call in (
        lambda: assistant.ask(STOP_ORDER),
        lambda: assistant.search("x"),
        assistant.documents,
        assistant.sync,
    ):
        with pytest.raises(QuestionError, match="closed"):
            call()


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="glossary"):
        bad = settings(tmp_path / "h", corpus_folder() / "policy", glossary=tmp_path / "none.yaml")
        with Assistant(settings=bad, embedding=WordEmbeddings()) as assistant:
            assistant.ask("x y")


def test_the_packaged_weights_answer(home: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.retrieval import rerank

    monkeypatch.setattr(rerank, "WEIGHTS", Path(rerank.__file__).parent / "data" / "sentence_ranker.json")
    with Assistant(settings=settings(home, corpus), embedding=WordEmbeddings()) as assistant:
        answer = checked(assistant.ask(STOP_ORDER), assistant)
        assert BRIEFS[2] in answer.cited_documents


# Which model


def test_the_model_of_one_question(assistant: Assistant) -> None:
    assert assistant.model_name == "extractive"
    with pytest.raises(ConfigurationError, match="nonsense"):
        assistant.ask(STOP_ORDER, model="nonsense")
    assert assistant.ask(STOP_ORDER, model="extractive").model == "extractive"


def test_an_unknown_model_is_named_before_the_corpus_is_read(tmp_path: Path) -> None:
    with (
        Assistant(
            settings=settings(tmp_path / "h", tmp_path / "none"), embedding=WordEmbeddings()
        ) as assistant,
        pytest.raises(ConfigurationError, match="nonsense"),
    ):
        assistant.ask(STOP_ORDER, model="nonsense")


def test_a_written_answer_is_checked(home: Path, corpus: Path) -> None:
    said = f"{TRUE} [1] The order cost Nvidia 77 billion euros in Chile [1]. Unmarked: see ![x](https://evil.example/a.png)."
    with writing(home, corpus, ScriptedModel(reply=lambda _: said)) as assistant:
        answer = checked(assistant.ask(STOP_ORDER), assistant)
        assert answer.model == assistant.model_name and answer.status == "answered"
        assert answer.text == f"{TRUE} [1]" and answer.citations[0].quote == TRUE
        assert "77 billion" in answer.removed[0].text and "evil" not in answer.model_dump_json(
            exclude={"question"}
        )


def test_a_model_that_states_nothing_refuses(home: Path, corpus: Path) -> None:
    for said in ("NOT STATED", "The moon of Jupiter has 99 craters named Zork [1].", ""):
        with writing(home, corpus, ScriptedModel(reply=lambda _, said=said: said)) as assistant:
            answer = checked(assistant.ask(STOP_ORDER), assistant)
            assert answer.status == "not_in_corpus" and "Zork" not in answer.text
            assert len(answer.removed) == ("Zork" in said)


def test_quote_mode_lets_no_model_write(home: Path, corpus: Path) -> None:
    with writing(home, corpus, ScriptedModel(reply=lambda _: "Forged [1]."), generation="quote") as assistant:
        answer = checked(assistant.ask(STOP_ORDER), assistant)
        assert TRUE in answer.text and "Forged" not in answer.model_dump_json()


def pipeline_of(assistant: Assistant) -> Pipeline:
    return assistant._open_pipeline()


def run(assistant: Assistant, model: ScriptedModel, question: str) -> Answer:
    """As with the embedded model: it tells margins, and quotes."""
    choice = ChatChoice("local", "local (fake)", model)
    events = list(pipeline_of(assistant).run(question, [], None, choice))
    assert isinstance(events[-1], AnswerEvent)
    return events[-1].answer


def test_the_embedded_models_word_decides(assistant: Assistant) -> None:
    sure = run(assistant, ScriptedModel(reply=lambda _: "x", margin=lambda _: 4.0), STOP_ORDER)
    assert checked(sure, assistant).status == "answered" and sure.model == "local (fake)"
    assert sure.usage.input_tokens > 0
    unsure = run(assistant, ScriptedModel(reply=lambda _: "x", margin=lambda _: -4.0), STOP_ORDER)
    assert unsure.status == "not_in_corpus"


def test_an_uncovered_part_is_named(assistant: Assistant) -> None:
    question = (
        "Which companies received the RTX Pro 6000D instruction, and what is the population of Iceland?"
    )

    def margin(prompt: str) -> float:
        return -4.0 if "population" in prompt else 4.0

    answer = checked(run(assistant, ScriptedModel(reply=lambda _: "x", margin=margin), question), assistant)
    assert answer.status == "partial" and answer.uncovered == ("what is the population of Iceland?",)
    assert answer.text.endswith("\n\nThe documents do not say: what is the population of Iceland.")


# A provider over HTTP


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(lambda p: "NOT STATED", None).running() as running:
        yield running


def served(home: Path, corpus: Path, server: ScriptedServer) -> Assistant:
    server.requests.clear()
    server.status = 200
    return Assistant(
        settings=settings(home, corpus, base_url=server.url), embedding=WordEmbeddings(), model="openai:m"
    )


def test_the_same_stages_hold_over_http(home: Path, corpus: Path, server: ScriptedServer) -> None:
    server.reply = lambda p: f"{TRUE} [1] Nvidia paid 77 billion euros to Chile. [1]"
    server.margin = lambda p: 4.0
    with served(home, corpus, server) as assistant:
        events = list(assistant.stream(STOP_ORDER))
        assert isinstance(events[-1], AnswerEvent)
        answer = checked(events[-1].answer, assistant)
        assert answer.text == f"{TRUE} [1]" and len(answer.removed) == 1
        assert answer.model == assistant.model_name == "openai:m" and answer.usage.input_tokens == 30
        assert [("stream" in r and r["stream"], r.get("logprobs")) for r in server.requests] == [
            (False, True),
            (True, None),
        ]
        assert '<passage number="1">' in server.requests[1]["messages"][-1]["content"]
        server.margin = lambda p: -4.0
        assert assistant.ask(STOP_ORDER).status == "not_in_corpus"


def test_a_server_without_probabilities(home: Path, corpus: Path, server: ScriptedServer) -> None:
    server.reply = lambda p: TRUE
    server.margin = None
    with served(home, corpus, server) as assistant:
        assert checked(assistant.ask(STOP_ORDER), assistant).text == f"{TRUE} [1]"
        assert assistant.ask(UNKNOWN).status == "not_in_corpus"


def test_a_chinese_question_is_translated_for_the_search(
    home: Path, corpus: Path, server: ScriptedServer
) -> None:
    server.margin = lambda p: 4.0
    server.reply = lambda p: STOP_ORDER if "Translation:" in p else TRUE
    with served(home, corpus, server) as assistant:
        events = list(assistant.stream("哪些公司收到了停止测试并取消RTX Pro 6000D订单的指示？"))
        assert any(isinstance(e, StepEvent) and STOP_ORDER in e.message for e in events)
        assert isinstance(events[-1], AnswerEvent)
        assert checked(events[-1].answer, assistant).language == "zh"
        assert "in Simplified Chinese" in server.requests[-1]["messages"][-1]["content"]


def test_a_refused_key_is_named(home: Path, corpus: Path, server: ScriptedServer) -> None:
    server.margin = None
    with served(home, corpus, server) as assistant:
        server.status = 401
        with pytest.raises(ModelError, match="ASSISTANT_API_KEY"):
            assistant.ask(STOP_ORDER)
