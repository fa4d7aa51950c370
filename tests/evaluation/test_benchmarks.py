"""The parts of the benchmarks that decide figures without a model."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from langchain_core.language_models import FakeListChatModel

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT), str(ROOT / "benchmarks")]

from kept_vectors import KeptVectors  # noqa: E402
from memory_index import MemoryIndex, NoVectors  # noqa: E402
from mtrag_refusal import Collection  # noqa: E402
from mtrag_rewrite import retrieval, score, term_f1  # noqa: E402
from project import make_passage, open_stages  # noqa: E402
from public_retrieval import measure, systems  # noqa: E402
from public_sets import (  # noqa: E402
    Conversation,
    Paragraph,
    ParagraphQuestion,
    Rewrite,
    read_mtrag_passages,
    read_mtrag_relevance,
    turns,
)
from refusal_figures import Judged, auroc, precision_recall, refused_above_threshold  # noqa: E402
from row_log import RowLog  # noqa: E402

from assistant.evaluation.runner import evaluate  # noqa: E402
from assistant.models.embeddings import WrappedEmbeddings  # noqa: E402
from assistant.retrieval.hybrid import HybridRetriever  # noqa: E402
from assistant.retrieval.query import SearchQuery  # noqa: E402
from assistant.schema import Turn  # noqa: E402
from assistant.settings import load_settings  # noqa: E402
from benchmarks.performance.peers import LangChainTutorial, is_refusal_text, marked_sentences  # noqa: E402

from .fakes import gold  # noqa: E402


@pytest.mark.parametrize(
    "text",
    [
        "I don't know.",
        "I'm sorry, but the context is about something else.",
        "The provided context does not mention the price.",
        "The price is not specified in the given context.",
        "The text doesn't say how many.",
        "None of the provided sources are helpful.",
        "There is no specific information about this.",
        "根据提供的资料，文中没有提到具体数字。",
        "抱歉，我无法回答。",
        "",
    ],
)
def test_refusals_of_free_answers(text: str) -> None:
    assert is_refusal_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "DeepSeek did not disclose V4's exact training hardware.",
        "Huawei sold 812,000 chips. The context does not give the price.",
        "China has not issued such rules, and the rule was suspended.",
        "英伟达没有向中国出售B30A。",
    ],
)
def test_answers_with_a_negation_are_no_refusals(text: str) -> None:
    assert not is_refusal_text(text)


def test_marks_belong_to_their_sentence() -> None:
    text = "Water is wet [2], in the evening [1]. The sky is red. [1][3] Nobody knows.[2, 3] End"
    assert marked_sentences(text) == [
        ("Water is wet, in the evening.", (2, 1)),
        ("The sky is red.", (1, 3)),
        ("Nobody knows.", (2, 3)),
        ("End", ()),
    ]


def test_tutorial_chain_is_evaluated_like_the_assistant(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Huawei planned 600,000 dies in 2026.", encoding="utf-8")
    chat = FakeListChatModel(
        responses=["Huawei planned 600,000 dies [1]. It did so twice [9].", "I don't know."]
    )
    chain = LangChainTutorial(chat, DeterministicFakeEmbedding(size=8), tmp_path, None)
    history = (Turn(question="Who?", answer="Huawei."),)
    rows = evaluate(chain, [gold("q1"), gold("q2", history=history)]).rows
    first, second = (row.answer for row in rows)
    assert first and second
    assert first.cited_documents == ("a.md",)
    # A mark without a source cites nothing.
    assert [claim.citations for claim in first.claims] == [(1,), ()]
    assert (first.status, second.status) == ("answered", "not_in_corpus")
    assert rows[0].evidence and "600,000" in rows[0].evidence


def index_of(paragraphs: list[Paragraph], embeddings: Embeddings | None = None) -> MemoryIndex:
    return MemoryIndex([make_passage(each.id, each.text) for each in paragraphs], embeddings)


def test_rank_of_the_right_paragraph() -> None:
    paragraphs = [
        Paragraph("p0", "", "Beijing hosts the summit of chip makers."),
        Paragraph("p1", "", "长江存储位于武汉，生产闪存。"),
        Paragraph("p2", "", "The chip makers of Beijing and Wuhan met."),
    ]
    questions = [
        ParagraphQuestion("a", "Where is the summit of chip makers?", "p0", True),
        ParagraphQuestion("b", "武汉的闪存厂商是谁？", "p1", True),
        ParagraphQuestion("c", "Which chip makers of Beijing met?", "p0", True),
        ParagraphQuestion("d", "谁？", "p0", True),
    ]
    result = measure(questions, systems(index_of(paragraphs), None)["BM25"], {})
    assert result["R@1"]["value"] == 0.5
    assert result["R@5"]["value"] == 0.75
    assert result["MRR@10"]["value"] == (1 + 1 + 0.5 + 0) / 4


def test_translation_is_searched_too() -> None:
    paragraphs = [Paragraph("p0", "", "Wuhan makes flash memory."), Paragraph("p1", "", "Hefei makes DRAM.")]
    embeddings = DeterministicFakeEmbedding(size=8)
    search = systems(index_of(paragraphs, embeddings), embeddings)
    questions = [ParagraphQuestion("a", "闪存", "p0", True)]
    english = {"a": "Who makes flash memory?"}
    assert measure(questions, search["BM25"], {})["R@1"]["value"] == 0.0
    assert measure(questions, search["BM25"], english)["R@1"]["value"] == 1.0


def test_turns_pair_questions_with_answers() -> None:
    messages = [
        {"speaker": "user", "text": "A?"},
        {"speaker": "agent", "text": "B."},
        {"speaker": "user", "text": "C? "},
        {"speaker": "user", "text": "D?"},
    ]
    expected = (("A?", "B."), ("C?", ""), ("D?", ""))
    assert turns(messages) == tuple(Turn(question=q, answer=a) for q, a in expected)


def test_precision_and_recall_of_refusals() -> None:
    judged = Judged.of(["U", "U", "A", "A"], "U")
    refused = np.array([True, False, True, False])
    values = {name: value for name, (value, _, _) in precision_recall(refused, judged).items()}
    assert values == {"precision": 0.5, "recall": 0.5, "F1": 0.5}
    # One answerable task in the sample stands for ten of the set.
    weighted = precision_recall(refused, Judged.of(["U", "U", "A", "A"], "U", {"U": 2, "A": 20}))
    assert weighted["precision"][0] == pytest.approx(1 / 11)
    assert weighted["recall"][0] == 0.5


def test_area_under_the_curve_counts_ties_by_half() -> None:
    judged = Judged.of(["U", "A", "A"], "U")
    assert auroc(np.array([1.0, 0.0, 1.0]), judged) == 0.75


def test_threshold_is_chosen_on_other_tasks() -> None:
    labels = ["U"] * 20 + ["A"] * 40
    clear = np.array([2.0] * 20 + [1.0] * 40)
    judged = Judged.of(labels, "U")
    assert precision_recall(refused_above_threshold(clear, judged), judged)["F1"][0] == 1.0
    # Doubt that says nothing refuses all or none of a fold, never just the right ones.
    assert precision_recall(refused_above_threshold(np.zeros(60), judged), judged)["precision"][0] <= 0.5


def test_every_task_is_judged_on_passages_of_its_collection(tmp_path: Path) -> None:
    stages = open_stages(load_settings(model="extractive", corpus=tmp_path))
    vectors = KeptVectors(WrappedEmbeddings(DeterministicFakeEmbedding(size=8), name="fake"), tmp_path)
    pool = {"p1": "Wuhan is in Hubei.", "p2": "Hubei is a province.", "p3": "Tea grows in Fujian."}
    collection = Collection(pool, vectors, stages)
    bare = Conversation("a", "Which opera did Verdi finish in Busseto in 1853?", (), (), "UNANSWERABLE")
    row = collection.judge(bare, 2, False)
    assert row["refuse"] and row["own_found"] is None
    own = Conversation("b", "Where is Wuhan?", (), (("p3", pool["p3"]),), "ANSWERABLE")
    # Its own passage is there although nothing in it is asked for.
    assert collection.judge(own, 1, True)["own_found"] == 1.0


def test_likeness_of_the_nearest_passage_with_and_without_vectors() -> None:
    paragraphs = [
        Paragraph("p0", "", "Wuhan makes flash memory."),
        Paragraph("p1", "", "Tea grows in Fujian."),
    ]
    words = index_of(paragraphs, NoVectors())
    assert words.search_dense([], 5) == []
    near = words.similarity("Who makes flash memory?", NoVectors())
    assert near > words.similarity("Who wrote about memory?", NoVectors()) > 0
    assert words.similarity("Verdi", NoVectors()) == 0
    fake = DeterministicFakeEmbedding(size=8)
    dense = index_of(paragraphs, fake)
    assert dense.similarity("Verdi", fake) == dense.search_dense(fake.embed_query("Verdi"), 1)[0][1]


def test_vectors_are_kept_for_the_next_run(tmp_path: Path) -> None:
    first = KeptVectors(WrappedEmbeddings(DeterministicFakeEmbedding(size=8), name="fake"), tmp_path)
    documents, query = first.embed_documents(["a", "b"]), first.embed_query("a")
    first.keep()

    class Broken(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise AssertionError("embedded twice")

        def embed_query(self, text: str) -> list[float]:
            raise AssertionError("embedded twice")

    again = KeptVectors(WrappedEmbeddings(Broken(), name="fake"), tmp_path)
    assert (again.embed_documents(["a", "b"]), again.embed_query("a")) == (documents, query)


def test_rewrites_are_compared_by_the_words_they_add() -> None:
    conversation = Conversation("a", "How much did it cost?", (Turn(question="What is Kimi?", answer=""),))
    task = Rewrite(conversation, "How much did Kimi cost?")
    figures = score(["How much did Kimi K2 cost?"], [task], [1.0])
    assert figures["added, recall"] == 1.0
    assert figures["added, precision"] == 0.5
    assert term_f1("How much did Kimi cost?", task.human) == 1.0
    assert score(["How much did it cost?"], [task], [1.0])["added, recall"] == 0.0


def test_a_rewrite_is_judged_by_the_passages_that_it_finds() -> None:
    pool = {"p1": "Kimi K2 cost 4.6 million dollars.", "p2": "Tea grows in Fujian.", "p3": "It rained."}
    index = MemoryIndex([make_passage(name, text) for name, text in pool.items()], None)
    retrievers = {"c": HybridRetriever(index, DeterministicFakeEmbedding(size=8))}
    history = (Turn(question="What is Kimi?", answer=""),)
    tasks = [
        Rewrite(
            Conversation("a", "How much did that cost?", history, collection="c"), "How much did Kimi cost?"
        ),
        Rewrite(Conversation("b", "And the tea?", history, collection="c"), "Where does tea grow?"),
    ]
    relevant = {"a": {"p1", "p3"}, "b": {"p2"}}
    by_hand = retrieval(tasks, lambda task: [SearchQuery(task.human)], retrievers, relevant)
    assert by_hand == {"R@5": 0.75, "R@10": 0.75, "MRR@10": 1.0}
    nothing = retrieval(tasks, lambda task: [SearchQuery("Verdi?")], retrievers, relevant)
    assert set(nothing.values()) == {0.0}


def test_passages_of_both_files_are_one_pool(tmp_path: Path) -> None:
    task = {
        "task_id": "a",
        "input": [{"speaker": "user", "text": "Where?"}],
        "contexts": [{"document_id": "p1", "text": " Wuhan "}],
        "answerability": ["ANSWERABLE"],
        "Collection": "govt",
    }
    (tmp_path / "mtragun_reference.jsonl").write_text(json.dumps(task) + "\n", encoding="utf-8")
    rated = {
        "documents": [{"document_id": "p2", "text": "Hefei"}],
        "tasks": [{"Collection": "mt-rag-govt-elser-512", "contexts": [{"document_id": "p2"}]}],
    }
    name = "mtrag_reference_subset_with_human_evaluations.json"
    (tmp_path / name).write_text(json.dumps(rated), encoding="utf-8")
    assert read_mtrag_passages(tmp_path) == {"govt": {"p1": "Wuhan", "p2": "Hefei"}}
    folder = tmp_path / "retrieval" / "govt"
    folder.mkdir(parents=True)
    (folder / "qrels_dev.tsv").write_text(
        "query-id\tcorpus-id\tscore\na\tp1\t1\na\tp2\t1\n", encoding="utf-8"
    )
    assert read_mtrag_relevance(tmp_path) == {"a": {"p1", "p2"}}


def test_log_keeps_rows_of_its_run_and_forgets_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "new" / "rows.jsonl"
    log = RowLog(path, "local")
    log.add("a", {"status": "answered"})
    with path.open("a", encoding="utf-8") as file:
        file.write('{"id": "b", "ru')
    again = RowLog(path, "local")
    assert list(again.rows) == ["a"]
    again.add("c", {"status": "partial"})
    assert list(RowLog(path, "local").rows) == ["a", "c"]
    assert RowLog(path, "extractive").rows == {}
