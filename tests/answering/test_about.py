"""Greetings, and questions about the assistant itself."""

import datetime as dt

import pytest

from assistant.answering.about import about_text, examples, is_about_assistant
from tests.doubles import make_passage


@pytest.mark.parametrize(
    "text",
    [
        "hello", "Hello!", "hi", "thanks", "Thank you so much!", "help", "test", "who are you?", "what can you do?",
        "What documents do you have?", "How many documents are there?", "你好", "你好！", "谢谢", "你是谁？", "你能做什么？",
        "你有哪些文件？", "謝謝", "你有哪些資料？",
        "Generate a concise, 3-5 word title with an emoji as a title for the chat history.",
    ],
)  # fmt: skip
def test_these_ask_nothing_of_the_documents(text: str) -> None:
    assert is_about_assistant(text)


@pytest.mark.parametrize(
    "text",
    [
        "SMIC", "cambricon", "huawei ascend", "H20", "中芯国际", "昇腾", "寒武纪的营收", "How many documents did BIS publish?",
        "Who are the buyers of the H200?", "What can Huawei do without TSMC?", "Is it on schedule?",
        "Which documents did the ministry release in 2025?", "那华虹呢？", "and in 2024?", "why?", "法国的首都是哪里？",
        "What is the capital of France?", "",
    ],
)  # fmt: skip
def test_these_do(text: str) -> None:
    assert not is_about_assistant(text)


def test_the_reply_says_what_there_is_and_what_to_ask() -> None:
    one = make_passage("A chip.", title="One").document
    other = one.model_copy(update={"topic": "trade", "date": dt.date(2020, 5, 1)})
    said = about_text("en", [one, one, other])
    assert "3 documents" in said and "2020-05-01" in said and "on chips, trade" in said
    assert examples()["chips"][0]["en"] in said and "[" not in said
    assert "3 份文件" in about_text("zh", [one, one, other]) and examples()["trade"][0]["zh"] in about_text(
        "zh", [other]
    )
    assert "no document yet" in about_text("en", [])
