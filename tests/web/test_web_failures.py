"""What goes wrong is told in the language of the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.errors import AssistantError, IndexingError, ModelError
from assistant.models import chat
from assistant.models.chat import model_failure
from assistant.schema import Filters
from assistant.settings import Settings
from assistant.web.desk import Desk
from assistant.web.failures import failure_words
from tests.doubles import WordEmbeddings


def provider(name: str, **values: object) -> Exception:
    """An error as a provider's client raises it."""
    error: Exception = type(name, (Exception,), {})("secret words of the provider")
    for key, value in values.items():
        setattr(error, key, value)
    return error


PROVIDERS = [
    (provider("AuthenticationError"), "openai:m", "密钥"),
    (provider("APIStatusError", status_code=404), "openai:m", "不认识"),
    (provider("RateLimitError"), "openai:m", "拒绝更多请求"),
    (provider("APITimeoutError"), "openai:m", "ASSISTANT_TIMEOUT"),
    (provider("APIConnectionError"), "openai:m", "无法连接"),
    (provider("OddError"), "openai:m", "（OddError）"),
]


@pytest.mark.parametrize(("error", "model", "told"), PROVIDERS)
def test_failures_of_a_provider_are_told_in_chinese(error: Exception, model: str, told: str) -> None:
    failure = model_failure(model, error)
    words = failure_words("zh", failure)
    assert told in words and f"“{model}”" in words and "secret" not in words
    # Names of models and settings aside, no English is left.
    assert not re.search(r"\b[a-z]{4,}\b", re.sub(r"“.*?”|ASSISTANT_\w+=?\w*", "", words))
    assert failure_words("en", failure) == str(failure)


def test_questions_that_cannot_be_asked_are_told_in_chinese(tmp_path: Path) -> None:
    own = Settings(_env_file=None, home=tmp_path, model="extractive", max_question_chars=100)  # type: ignore[call-arg]
    assistant = Assistant(settings=own, embedding=WordEmbeddings())
    for question, told in (("", "问题是空的"), ("x" * 200, "问题有 200 个字符，最多允许 100 个")):
        with pytest.raises(AssistantError) as caught:
            assistant.ask(question)
        assert told in failure_words("zh", caught.value)


def test_a_document_that_is_gone_and_what_is_not_known() -> None:
    gone = AssistantError("There is no document 'a/b.md' in 'user'.", "`assistant documents` lists them.")
    assert failure_words("zh", gone) == "没有文献“a/b.md”，它可能已被移除。"
    other = IndexingError("The index is damaged.", "Run `assistant index`.")
    assert failure_words("zh", other) == str(other) == "The index is damaged. Run `assistant index`."


async def test_the_page_shows_it_and_gives_the_question_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = model_failure("openai:m", provider("RateLimitError"))

    def refuse(*_: object, **__: object) -> object:
        raise failure

    monkeypatch.setattr(desk.engine, "astream", refuse)
    for language, told in (("zh", "暂时拒绝更多请求"), ("en", "refuses more requests for now")):
        talk = desk.begin("", language, "", "Why?")
        assert talk is not None
        shown = [frame async for frame in desk.answer("", language, talk[0], "Why?", Filters())]
        assert told in shown[-1].live and shown[-1].question == "Why?"


def test_a_missing_model_is_told_in_chinese(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(chat.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError) as caught:
        chat.choose_model(Settings(_env_file=None, home=tmp_path, model="local"))  # type: ignore[call-arg]
    assert "内置模型尚未安装" in failure_words("zh", caught.value)
