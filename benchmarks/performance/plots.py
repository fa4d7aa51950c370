"""Two kinds of plot as SVG, drawn from figures: bars with a whisker, and lines over logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

_WIDTH = 640
_LEFT, _RIGHT = 190, 90
_ROW = 26
# Read well on a light page and on a dark one.
_INK, _COLOURS = "#7a7a7a", ("#2a78b8", "#d0722a", "#3d9a57", "#a3539b", "#8a7a30")


def bars(title: str, rows: Sequence[tuple[str, float, float]], unit: str) -> str:
    """One bar a row, as long as its median, with a whisker to its 95th percentile.

    Args:
        title: Above the plot.
        rows: Label, median and 95th percentile.
        unit: Of the figures.
    """
    span = max((late for _, _, late in rows), default=1.0) or 1.0
    scale = (_WIDTH - _LEFT - _RIGHT) / span
    height = 50 + _ROW * len(rows)
    parts = []
    for place, (label, middle, late) in enumerate(rows):
        y = 40 + _ROW * place
        end = _LEFT + middle * scale
        parts += [
            _text(_LEFT - 8, y + 12, label, anchor="end"),
            f'<rect x="{_LEFT}" y="{y}" width="{middle * scale:.1f}" height="16" fill="{_COLOURS[0]}"/>',
            _line(end, y + 8, _LEFT + late * scale, y + 8),
            _text(_LEFT + late * scale + 6, y + 12, f"{short(middle)} {unit}"),
        ]
    return _svg(title, height, parts)


def lines(
    title: str, series: Mapping[str, Sequence[tuple[float, float]]], across: str, up: str, limit: float = 0.0
) -> str:
    """Points joined by lines, both axes logarithmic.

    Args:
        title: Above the plot.
        series: Points by name.
        across: What the horizontal axis shows.
        up: What the vertical axis shows.
        limit: A level to mark; none when 0.
    """
    points = [point for each in series.values() for point in each]
    left, right = _decades([x for x, _ in points])
    low, high = _decades([y for _, y in points] + ([limit] if limit else []))
    top, bottom, edge = 40, 300, _WIDTH - 150

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            60 + (edge - 60) * (math.log10(x) - left) / (right - left),
            bottom - (bottom - top) * (math.log10(y) - low) / (high - low),
        )

    parts = []
    for power in range(left, right + 1):
        x, _ = at(10.0**power, 10.0**low)
        parts += [
            _line(x, top, x, bottom, faint=True),
            _text(x, bottom + 16, short(10.0**power), anchor="middle"),
        ]
    for power in range(low, high + 1):
        _, y = at(10.0**left, 10.0**power)
        parts += [_line(60, y, edge, y, faint=True), _text(54, y + 4, short(10.0**power), anchor="end")]
    if limit:
        _, y = at(10.0**left, limit)
        parts.append(f'<path d="M60 {y:.1f}H{edge}" stroke="{_INK}" stroke-dasharray="5 4"/>')
        parts.append(_text(edge + 6, y + 4, f"target {short(limit)}"))
    for colour, each in zip(_COLOURS, series.values(), strict=False):
        placed = [at(x, y) for x, y in each]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in placed]
    for place, (colour, name) in enumerate(zip(_COLOURS, series, strict=False)):
        parts.append(f'<rect x="{edge + 8}" y="{top + 20 * place}" width="10" height="10" fill="{colour}"/>')
        parts.append(_text(edge + 24, top + 9 + 20 * place, name))
    parts += [_text((60 + edge) / 2, bottom + 36, across, anchor="middle"), _text(8, 34, up)]
    return _svg(title, bottom + 50, parts)


def short(value: float) -> str:
    """Three digits, thousands and millions by letter."""
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{letter}"
    return f"{value:.3g}"


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low = math.floor(math.log10(min(values)))
    return low, max(low + 1, math.ceil(math.log10(max(values))))


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{_INK}">{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, *, faint: bool = False) -> str:
    opacity = ' stroke-opacity="0.3"' if faint else ""
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{_INK}"{opacity}/>'


def _svg(title: str, height: int, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="12">'
    )
    name = f'<text x="8" y="18" font-size="14" fill="{_INK}">{escape(title)}</text>'
    return "\n".join([head, name, *parts, "</svg>", ""])
