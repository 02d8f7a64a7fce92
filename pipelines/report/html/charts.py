"""Small charts as inline SVG: lines or points of several fusers, with tooltips that screen readers can read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

_WIDTH, _HEIGHT = 320, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 10, 40
_COLOURS, _DASHES = 7, 4  # as defined in page.css
_TICKS = 4
_KEY_LINE = '<path class="line" d="M1 5H25"/>'


class Point(NamedTuple):
    """A point in a chart; `text` is its tooltip, and a `marked` point is drawn larger."""

    x: float
    y: float
    text: str
    marked: bool = False


@dataclass(frozen=True)
class Series:
    """The points of one fuser.

    Args:
        name: of the fuser.
        number: position of the fuser in the report, from 0; it selects the colour.
        points: in the order of the line.
        text: tooltip of the line.
        line: whether the points are connected.
        hollow: whether rings are drawn instead of discs.
    """

    name: str
    number: int
    points: list[Point]
    text: str = ""
    line: bool = True
    hollow: bool = False


@dataclass(frozen=True)
class Chart:
    """A chart with title, axis labels and series; ranges that are None are fitted to the points."""

    title: str
    x: str
    y: str
    series: list[Series]
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class ChartGroup:
    """Charts of the same fusers with a common heading and legend, and a note below."""

    heading: str
    charts: list[Chart]
    note: str = ""


def charts_html(groups: Sequence[ChartGroup], mark: str) -> str:
    """Format groups of charts as HTML, with `mark` before their headings."""
    return "".join(_group(group, mark) for group in groups)


def _group(group: ChartGroup, mark: str) -> str:
    names = {series.name: series for chart in group.charts for series in chart.series}
    keys = "".join(
        f'<li class="{_series_class(series.number)}" data-name="{escape(name)}">{_key_svg(series)}{escape(name)}</li>'
        for name, series in names.items()
    )
    figures = "".join(
        f"<figure><figcaption>{escape(chart.title)}</figcaption>{chart_svg(chart)}</figure>\n" for chart in group.charts
    )
    return (
        f'<h3>{escape(mark + group.heading)}</h3>\n<ul class="key" data-charts>{keys}</ul>\n'
        f'<div class="charts">\n{figures}</div>\n' + (f"<p>{escape(group.note)}</p>\n" if group.note else "")
    )


def chart_svg(chart: Chart) -> str:
    """Draw a chart as SVG."""
    points = [point for series in chart.series for point in series.points]
    x_range = chart.x_range or _around([point.x for point in points])
    y_range = chart.y_range or _around([point.y for point in points])

    def across(x: float) -> float:
        return _LEFT + (x - x_range[0]) / (x_range[1] - x_range[0]) * (_WIDTH - _LEFT - _RIGHT)

    def down(y: float) -> float:
        return _HEIGHT - _BOTTOM - (y - y_range[0]) / (y_range[1] - y_range[0]) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(chart.title)}">']
    for tick in ticks(*x_range):
        parts.append(f'<path class="grid" d="M{across(tick):.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>')
        parts.append(f'<text x="{across(tick):.1f}" y="{_HEIGHT - _BOTTOM + 14}" class="x">{_short(tick)}</text>')
    for tick in ticks(*y_range):
        parts.append(f'<path class="grid" d="M{_LEFT} {down(tick):.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 5}" y="{down(tick) + 3.5:.1f}" class="y">{_short(tick)}</text>')
    middle = (_HEIGHT - _BOTTOM + _TOP) / 2
    parts.append(f'<text x="{(_WIDTH + _LEFT) / 2}" y="{_HEIGHT - 6}" class="x">{escape(chart.x)}</text>')
    parts.append(f'<text transform="translate(11 {middle}) rotate(-90)" class="x">{escape(chart.y)}</text>')
    for series in chart.series:
        placed = [(across(point.x), down(point.y), point) for point in series.points]
        parts.append(f'<g class="{_series_class(series.number)}" data-name="{escape(series.name)}">')
        if series.line:
            path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in placed)
            parts.append(f'<path class="line" d="{path}"/>')
            parts.append(f'<path class="near" d="{path}"><title>{escape(series.text)}</title></path>')
        for x, y, point in placed:
            if point.text:
                radius = 2 if series.line and not point.marked else 4.5
                circle = f'<circle class="{_circle(series)}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}">'
                parts.append(f"{circle}<title>{escape(point.text)}</title></circle>")
        parts.append("</g>")
    return "".join([*parts, "</svg>"])


def _series_class(number: int) -> str:
    """Return the CSS classes of page.css for the colour and dashes of a fuser."""
    return f"s{number % _COLOURS} d{number // _COLOURS % _DASHES}"


def _key_svg(series: Series) -> str:
    """Draw the legend symbol of a fuser as SVG."""
    circle = f'<circle class="{_circle(series)}" cx="13" cy="5" r="4"/>'
    return f'<svg viewBox="0 0 26 10" aria-hidden="true">{_KEY_LINE if series.line else circle}</svg>'


def ticks(low: float, high: float) -> list[float]:
    """Choose about four round numbers between `low` and `high`.

    Example:
        >>> ticks(0, 1)
        [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    rough = (high - low) / _TICKS
    size = 10.0 ** math.floor(math.log10(rough))
    step = min((factor * size for factor in (1, 2, 2.5, 5, 10)), key=lambda value: abs(value - rough))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _around(values: Sequence[float]) -> tuple[float, float]:
    """Return a range with some margin around the values."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
    return low - margin, high + margin


def _circle(series: Series) -> str:
    return "ring" if series.hollow else "disc"


def _short(value: float) -> str:
    text = f"{value:.4g}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
