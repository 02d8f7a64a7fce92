"""Pictures of scores under conditions: a heat map, and curves over severity."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from pipelines.report.figures.style import DPI, line_style, save_figure
from pipelines.report.results import three_digits

_LOSS = LinearSegmentedColormap.from_list("loss", ["#B35806", "#F1A340", "#FEE0B6", "#F7F7F7", "#D8DAEB"])


def draw_heat_map(path: Path, scores: Mapping[str, Mapping[str, float | None]], title: str) -> None:
    """Draw scores as PNG, one line per row and one column per condition, coloured by the share of the clean score.

    Args:
        path: the file to write.
        scores: by row and condition, the clean one first; None where a run failed.
        title: of the figure.
    """
    rows, columns = list(scores), list(next(iter(scores.values())))
    values = np.array([[np.nan if one is None else one for one in of.values()] for of in scores.values()], float)
    clean = values[:, :1]
    share = np.divide(values, clean, out=np.full_like(values, np.nan), where=clean > 0)
    figure = Figure(figsize=(2.4 + 0.82 * len(columns), 2.2 + 0.42 * len(rows)), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(share, cmap=_LOSS, vmin=0, vmax=1.25, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        text = "-" if np.isnan(value) else three_digits(value)
        dark = not np.isnan(share[row, column]) and share[row, column] < 0.25
        axes.text(column, row, text, ha="center", va="center", fontsize=9, color="white" if dark else "black")
    axes.set_xticks(range(len(columns)), columns, rotation=40, ha="right", fontsize=9)
    axes.set_yticks(range(len(rows)), rows, fontsize=10)
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", lw=2)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, pad=0.02, ticks=[0, 0.25, 0.5, 0.75, 1, 1.25])
    bar.set_label("share of the row's clean score", fontsize=9)
    bar.outline.set_visible(False)
    figure.suptitle(title, fontsize=13, weight="bold")
    save_figure(figure, path)


def draw_severities(
    path: Path, curves: Mapping[str, Mapping[str, Mapping[float, float]]], metric: str, title: str
) -> None:
    """Draw scores over severity as PNG, a plot per kind of condition and a line per row.

    Args:
        path: the file to write.
        curves: by kind, row and severity; 0 is clean.
        metric: of the scores.
        title: of the figure.
    """
    figure = Figure(figsize=(1.6 + 4.4 * len(curves), 4.4), dpi=DPI, layout="constrained")
    for axes, (kind, of_rows) in zip(
        figure.subplots(1, len(curves), squeeze=False, sharey=True)[0], curves.items(), strict=True
    ):
        for index, (row, values) in enumerate(of_rows.items()):
            points = list(values), list(values.values())
            axes.plot(*points, lw=1.8, marker="o", ms=4, label=row, **line_style(index))
        axes.set(xlabel=f"{kind}, severity", ylabel=metric, ylim=(0, None))
        axes.grid(color="0.9", lw=0.8)
        axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.suptitle(title, fontsize=13, weight="bold")
    save_figure(figure, path)
