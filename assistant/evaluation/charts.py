"""Plots as inline SVG, coloured by the page's style so that they follow light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Point:
    """A value with its interval; None where nothing was measured."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Line:
    """A labelled row of a plot with one point for each series."""

    label: str
    points: tuple[Point, ...]
    note: str = ""


_WIDTH, _LEFT, _RIGHT, _ROW, _LABEL = 460, 18, 66, 15, 18


def interval_plot(
    title: str,
    lines: Sequence[Line],
    series: Sequence[str],
    *,
    span: tuple[float, float] = (0.0, 1.0),
    signed: bool = False,
) -> str:
    """Values with their intervals, one line under the other.

    Args:
        title: What is shown, for readers of the page and for screen readers.
        lines: The rows; each has as many points as there are series.
        series: Names of the series, in the order of the points.
        span: Ends of the axis.
        signed: Draw a line at zero and write signs, for differences.
    """
    height_of_line = _LABEL + _ROW * max(1, len(series)) + 5
    height = len(lines) * height_of_line + 26
    parts = [f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">']
    bottom = height - 22
    for tick in _ticks(span):
        x = _x(tick, span)
        css = "zero" if signed and abs(tick) < 1e-9 else "grid"
        parts.append(f'<line class="{css}" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{bottom}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 15}">{_number(tick, signed, 2)}</text>')
    for at, line in enumerate(lines):
        top = at * height_of_line
        note = f"<title>{escape(line.note)}</title>" if line.note else ""
        # Above its bars: labels of any length fit, also on a phone.
        parts.append(f'<text class="label" x="{_LEFT}" y="{top + 14}">{note}{escape(line.label)}</text>')
        for number, point in enumerate(line.points):
            y = top + _LABEL + _ROW * (number + 0.5)
            parts.append(_point(point, y, number, span, signed))
    parts.append("</svg>")
    legend = ""
    if len(series) > 1:
        names = "".join(
            f'<span><i class="key s{number}"></i>{escape(name)}</span>' for number, name in enumerate(series)
        )
        legend = f'<p class="legend">{names}</p>'
    return f"<figure><figcaption>{escape(title)}</figcaption>{legend}{''.join(parts)}</figure>"


def _point(point: Point, y: float, series: int, span: tuple[float, float], signed: bool) -> str:
    if point.value is None:
        return f'<text class="none" x="{_LEFT + 4}" y="{y + 4:.1f}">not measured</text>'
    x = _x(point.value, span)
    parts = []
    if not signed:
        width = max(0.0, x - _x(span[0], span))
        parts.append(
            f'<rect class="bar s{series}" x="{_LEFT}" y="{y - 5:.1f}" '
            f'width="{width:.1f}" height="10" rx="2"/>'
        )
    if point.low is not None and point.high is not None:
        low, high = _x(point.low, span), _x(point.high, span)
        parts.append(
            f'<path class="whisker s{series}" d="M{low:.1f} {y - 4:.1f}v8M{low:.1f} {y:.1f}H{high:.1f}'
            f'M{high:.1f} {y - 4:.1f}v8"/>'
        )
    if signed:
        parts.append(f'<circle class="dot s{series}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>')
    number = _number(point.value, signed, 3)
    parts.append(f'<text class="value" x="{_WIDTH - _RIGHT + 12}" y="{y + 4:.1f}">{number}</text>')
    return "".join(parts)


def _x(value: float, span: tuple[float, float]) -> float:
    low, high = span
    share = (min(max(value, low), high) - low) / (high - low)
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _ticks(span: tuple[float, float]) -> list[float]:
    low, high = span
    return [low + (high - low) * step / 4 for step in range(5)]


def _number(value: float, signed: bool, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return f"+{text}" if signed and value > 0 else text.replace("-", "−")
