"""Answer a question list into several files; run it again and it goes on where it stopped."""

import tempfile
from pathlib import Path

from assistant import Assistant
from assistant.batch import BatchOptions, run_batch

folder = Path(tempfile.mkdtemp())
questions = folder / "questions.csv"
questions.write_text("id,question,topic\nq1,When will the Ascend 950PR arrive?,chips\n", "utf-8")

with Assistant() as assistant:
    summary = run_batch(
        assistant,
        questions,
        [folder / "answers.jsonl", folder / "answers.xlsx", folder / "report.html"],
        BatchOptions(max_concurrency=2),
    )
print(summary.to_text())
print("exit code", summary.exit_code)
