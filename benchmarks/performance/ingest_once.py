"""Indexes a folder once, into a new home folder, and prints one line of JSON.

    python benchmarks/performance/ingest_once.py CORPUS assistant
    python benchmarks/performance/ingest_once.py CORPUS llamaindex

It imports nothing of this folder, so that it also runs with the `assistant` of an older working tree (PYTHONPATH).
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def with_assistant(corpus: Path, home: Path) -> dict[str, Any]:
    """By the assistant: passages of its own division, with all that it makes of them."""
    import assistant
    from assistant import Assistant
    from assistant.models.embeddings import load_embeddings

    with Assistant(model="extractive", home=home, corpus=corpus) as engine:
        # Loading the model is no part of the work.
        load_embeddings(engine.settings).embed_documents(["warm up"])
        started, cpu = time.perf_counter(), time.process_time()
        report = engine.sync()
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
        tree = str(Path(assistant.__file__).parents[1])
    return {"passages": report.passages, "seconds": seconds, "cpu_seconds": cpu_seconds, "tree": tree}


def with_llama_index(corpus: Path) -> dict[str, Any]:
    """By LlamaIndex: `VectorStoreIndex` with its default division, in memory, with the same embedding model."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from llama_index.core import Document, VectorStoreIndex

    from assistant.models.embeddings import load_embeddings
    from assistant.settings import load_settings
    from benchmarks.performance.llama_index_adapters import EmbeddingAdapter

    embeddings = load_embeddings(load_settings())
    embeddings.embed_documents(["warm up"])
    started, cpu = time.perf_counter(), time.process_time()
    documents = [Document(text=file.read_text("utf-8")) for file in sorted(corpus.rglob("*.md"))]
    index = VectorStoreIndex.from_documents(documents, embed_model=EmbeddingAdapter(embeddings))
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    return {"passages": len(index.index_struct.nodes_dict), "seconds": seconds, "cpu_seconds": cpu_seconds}


def main() -> None:
    corpus, system = Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as home:
        found = with_assistant(corpus, Path(home)) if system == "assistant" else with_llama_index(corpus)
    found["characters"] = sum(len(file.read_text("utf-8")) for file in corpus.rglob("*.md"))
    found["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
