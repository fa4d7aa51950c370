"""Standard chains on the question sets of this repository, by the same metrics as `assistant eval`.

    pip install -r benchmarks/requirements.txt
    python benchmarks/baselines.py langchain llamaindex --gold tests/gold --out build/baselines

The model is the embedded one and the embedding multilingual-e5-small, as the assistant's own, unless --model and
--embedding say otherwise. With --seed the questions come in a random order, so that the first --limit of them are
a random sample.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from baseline_chains import BASELINES
from kept_vectors import KeptVectors
from project import open_chat_model
from rich.console import Console

from assistant.answering.verify import ClaimVerifier
from assistant.errors import AssistantError
from assistant.evaluation.gold import load_gold
from assistant.evaluation.page import write_page
from assistant.evaluation.records import EvalRow
from assistant.evaluation.report import build_report, print_report, write_json
from assistant.evaluation.run import select
from assistant.evaluation.runner import evaluate
from assistant.models.embeddings import load_embeddings
from assistant.models.text_vectors import TextVectors
from assistant.resources import corpus_folder
from assistant.settings import load_settings


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("chains", nargs="+", choices=list(BASELINES), metavar=f"{{{','.join(BASELINES)}}}")
    parser.add_argument("--gold", type=Path, nargs="+", default=[Path("tests/gold")])
    parser.add_argument(
        "--corpus", type=Path, help="folder of Markdown files; the packaged corpus when left out"
    )
    parser.add_argument("--model", default="local")
    parser.add_argument("--embedding", default="e5")
    parser.add_argument("--vectors", type=Path, metavar="FOLDER", help="keep vectors here for the next run")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, help="take the questions in a random order")
    parser.add_argument("--languages", nargs="*", default=[])
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--retrieval-only", action="store_true", help="only what they find; no answers")
    parser.add_argument("--out", type=Path, default=Path("build/baselines"))
    arguments = parser.parse_args()
    settings = load_settings(model=arguments.model, embedding=arguments.embedding)
    questions = select(
        load_gold(arguments.gold),
        languages=arguments.languages,
        limit=arguments.limit if arguments.seed is None else None,
    )
    if arguments.seed is not None:
        questions = random.Random(arguments.seed).sample(questions, len(questions))[: arguments.limit]
    chat = open_chat_model(settings)
    embeddings = KeptVectors(load_embeddings(settings), arguments.vectors)
    # The project's default embedding, so that sentences are judged as the assistant's own are.
    verifier = ClaimVerifier(TextVectors(load_embeddings(load_settings(embedding="e5"))))
    console = Console()

    def show(done: int, total: int, row: EvalRow) -> None:
        seconds = f"{row.seconds:.1f} s" if row.seconds is not None else row.error or "searched"
        console.print(f"{done}/{total} {row.question.id} {seconds}", highlight=False)

    evaluations = []
    for name in arguments.chains:
        chain = BASELINES[name](chat, embeddings, arguments.corpus or corpus_folder(), verifier)
        embeddings.keep()
        evaluations.append(
            evaluate(
                chain,
                questions,
                show,
                name=f"{chain.name}, {arguments.embedding}",
                settings={"model": arguments.model, "embedding": arguments.embedding},
                rows_path=arguments.out / f"rows-{name}.jsonl",
                resume=arguments.resume,
                retrieval_only=arguments.retrieval_only,
            )
        )
    report = build_report(evaluations)
    write_json(report, arguments.out / "report.json")
    write_page(report, evaluations, arguments.out / "report.html")
    print_report(report, console)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AssistantError as error:
        sys.exit(f"Error: {error}")
