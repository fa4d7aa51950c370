"""Documents come and go; the engine opens and closes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant import Assistant, Filters
from assistant.errors import AssistantError, ConfigurationError, DocumentError, QuestionError
from assistant.resources import corpus_folder
from tests.doubles import WordEmbeddings

from .briefs import BRIEFS, STOP_ORDER, checked, settings

pytestmark = pytest.mark.usefixtures("steady")


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
