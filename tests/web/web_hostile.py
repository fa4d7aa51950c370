"""Briefs whose words try to become markup."""

from __future__ import annotations

from pathlib import Path

TRICKS = (
    "<script>window.hacked=1</script>",
    '<img src="x" onerror="window.hacked=2">',
    '"><svg onload=window.hacked=3>',
    "[click](javascript:window.hacked=4)",
    "${window.hacked=5} {{constructor.constructor('window.hacked=6')()}} {{value}}",
    "</textarea></details><b onmouseover=window.hacked=7>bold</b>",
    "`code` **stars** ~~tilde~~ &lt;b&gt;",
)
TITLE = "Zhaoxin " + TRICKS[0] + TRICKS[1] + ' "quoted" \' '
SENTENCE = "Zhaoxin shipped 512 units of the zorblatt accelerator in March 2026 " + " ".join(TRICKS)


def write_hostile_brief(folder: Path) -> Path:
    """A brief with hostile title, entities, text and footnotes."""
    file = folder / "chips" / "2026-03-01-zorblatt.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    quoted = TITLE.replace("\\", "\\\\").replace('"', '\\"')
    file.write_text(
        f"""---
title: "{quoted}"
date: 2026-03-01
topic: "chips<script>window.hacked=8</script>"
entities: ["<img src=x onerror=window.hacked=9>", "Zhaoxin"]
---

# {TITLE}

{SENTENCE}.[^1][^2]

## Heading {TRICKS[0]}{TRICKS[2]}

Another zorblatt sentence {TRICKS[3]} of 2026.[^1]

[^1]: Evil {TRICKS[1]}, "Title {TRICKS[0]}", 2026-03, javascript:window.hacked=10
[^2]: Good, "Plain", 2026-03, https://example.org/?q="><script>window.hacked=11</script>
""",
        "utf-8",
    )
    return file
