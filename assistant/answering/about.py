"""What is no question for the documents: greetings, thanks, and questions about the assistant and what it holds."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from assistant.schema import DocumentInfo

WEIGHTS = Path(__file__).parent / "data" / "about.json"
_EXAMPLES = 3
_TOPICS = 8
_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d+|[\u3400-\u9fff]+")
_TEXTS = {
    "en": {
        "what": "I answer questions from a collection of documents, and each sentence of an answer cites the passage that it rests on.",
        "holds": "The collection holds {count} documents{dates}{topics}.",
        "dates": ", dated {oldest} to {newest}",
        "topics": ", on {topics}",
        "empty": "The collection holds no document yet.",
        "examples": "You could ask:",
    },
    "zh": {
        "what": "我根据一批文件回答问题，答案的每一句都注明所依据的段落。",
        "holds": "这里共有 {count} 份文件{dates}{topics}。",
        "dates": "，日期从 {oldest} 到 {newest}",
        "topics": "，主题有：{topics}",
        "empty": "这里还没有文件。",
        "examples": "您可以这样问：",
    },
}  # fmt: skip


def weighed_words(text: str) -> Iterator[str]:
    """What the fit weighs: words, numbers as one, and in Chinese characters and pairs of them, with the length."""
    words = _WORD.findall(text.lower().replace("’", "'"))
    count = 0
    for word in words:
        if word[0] >= "\u3400":
            count += len(word)
            yield from word
            yield from (word[at : at + 2] for at in range(len(word) - 1))
        else:
            count += 1
            yield "0" if word.isdigit() else word
    if words:
        yield f"first {words[0] if words[0][0] < chr(0x3400) else words[0][:1]}"
    yield f"length {min(count, 12)}"
    # A name or an abbreviation within the sentence.
    if re.search(r"(?<=[\w,] )[A-Z][\w-]+|[A-Z]{2}|[\u3400-\u9fff][A-Za-z0-9]{2}", text):
        yield "name"


@cache
def _weights() -> tuple[dict[str, float], float, float]:
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return stored["words"], stored["intercept"], stored["threshold"]


def is_about_assistant(text: str) -> bool:
    """Whether a text asks nothing of the documents, by a regression over its words (`benchmarks/training/fit_about.py`)."""
    weights, intercept, threshold = _weights()
    return intercept + sum(weights.get(word, 0.0) for word in set(weighed_words(text))) >= threshold


def about_text(language: str, documents: Sequence[DocumentInfo]) -> str:
    """What the assistant is, which documents it holds, and examples of what to ask.

    Args:
        language: `en` or `zh`.
        documents: Those that may be used.
    """
    said = _TEXTS["zh" if language == "zh" else "en"]
    if not documents:
        return f"{said['what']}\n\n{said['empty']}"
    dates = sorted(document.date for document in documents if document.date)
    topics = [topic for topic, _ in Counter(d.topic for d in documents if d.topic).most_common(_TOPICS)]
    separator = "、" if language == "zh" else ", "
    holds = said["holds"].format(
        count=len(documents),
        dates=said["dates"].format(oldest=dates[0], newest=dates[-1]) if dates else "",
        topics=said["topics"].format(topics=separator.join(topics)) if topics else "",
    )
    asked = [
        entry["zh" if language == "zh" else "en"]
        for topic in topics
        for entry in examples().get(topic, [])[:1]
    ]
    text = f"{said['what']} {holds}" if language != "zh" else said["what"] + holds
    if asked:
        text += f"\n\n{said['examples']}\n" + "\n".join(f"- {question}" for question in asked[:_EXAMPLES])
    return text


@cache
def examples() -> dict[str, list[dict[str, str]]]:
    """Questions to begin with, by topic, in both languages."""
    loaded: dict[str, list[dict[str, str]]] = yaml.safe_load(
        files("assistant.answering").joinpath("data/examples.yaml").read_text("utf-8")
    )
    return loaded
