"""The picture of fusion metrics against the score of a network, one plot per metric."""

from __future__ import annotations

from math import ceil
from pathlib import Path

from matplotlib.figure import Figure

from fusion.scoring import arrow
from pipelines.report.agreement import Agreement
from pipelines.report.figures.style import CURVE_PALETTE, save_figure
from pipelines.rows import SOURCES

_COLUMNS = 6


def draw_scatter(path: Path, agreement: Agreement, title: str) -> None:
    """Draw one plot per metric as PNG: a point per fuser, hollow for the sources, titled by the rank correlation.

    Args:
        path: the file to write.
        agreement: what is shown.
        title: of the figure.
    """
    metrics = list(agreement.means)
    columns = min(_COLUMNS, len(metrics))
    rows = ceil(len(metrics) / columns)
    figure = Figure(figsize=(2.6 * columns + 0.4, 2.5 * rows + 1.1), dpi=150, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for axes in grid[len(metrics) :]:
        axes.remove()
    for index, (axes, metric) in enumerate(zip(grid, metrics, strict=False)):
        for number, fuser in enumerate(agreement.task):
            point = agreement.points(metric).get(fuser)
            if point is None:
                continue
            colour = CURVE_PALETTE[number % len(CURVE_PALETTE)]
            fill = "none" if fuser in SOURCES else colour
            marker = "os^Dv"[number // len(CURVE_PALETTE) % 5]
            axes.scatter(*point, s=42, marker=marker, facecolors=fill, edgecolors=colour, linewidths=1.6, label=fuser)
        rank = agreement.rank_correlation(metric)
        name = f"{metric} {arrow(agreement.convention, metric)}"
        axes.set_title(name if rank is None else f"{name}  rank {rank:+.2f}", fontsize=10)
        axes.grid(color="0.9", lw=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        axes.margins(0.12)
        if index % columns == 0:
            axes.set_ylabel(agreement.task_name)
    figure.suptitle(title, fontsize=14, weight="bold")
    handles = {h.get_label(): h for axes in grid[: len(metrics)] for h in axes.collections}
    ordered = [fuser for fuser in agreement.task if fuser in handles]
    figure.legend([handles[f] for f in ordered], ordered, loc="outside lower center", ncols=7, frameon=False)
    save_figure(figure, path)
