"""The whole engine over six briefs of the corpus, with doubles for the models."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.resources import corpus_folder
from tests.doubles import WordEmbeddings

from .briefs import BRIEFS, settings


@pytest.fixture(scope="package")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    for name in BRIEFS:
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(corpus_folder() / name, root / name)
    return root


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory, corpus: Path) -> Path:
    home = tmp_path_factory.mktemp("home")
    with Assistant(settings=settings(home, corpus), embedding=WordEmbeddings()) as assistant:
        assert assistant.sync().count("added") == len(BRIEFS)
    return home


@pytest.fixture(scope="module")
def assistant(home: Path, corpus: Path, steady: None) -> Iterator[Assistant]:
    with Assistant(settings=settings(home, corpus), embedding=WordEmbeddings()) as assistant:
        yield assistant
