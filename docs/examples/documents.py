"""Add documents of your own, search them and ask about them, and take them out again."""

import tempfile
from pathlib import Path

from assistant import Assistant, Filters

memo = Path(tempfile.mkdtemp()) / "memo.md"
memo.write_text("# Fab visit\n\nThe line in Shaoxing makes 9,000 wafers a month since May 2026.\n", "utf-8")

with Assistant() as assistant:
    report = assistant.add_documents([memo])
    print(report.count("added"), "added,", report.passages, "passages")

    mine = Filters(collections=("user",))
    print([document.path for document in assistant.documents(mine)])
    for hit in assistant.search("wafers a month in Shaoxing", k=3, filters=mine):
        print(round(hit.score, 2), hit.passage.text)
    print(assistant.ask("How many wafers does the line in Shaoxing make a month?", filters=mine).text)

    print(assistant.remove(["memo.md"]), "removed")
