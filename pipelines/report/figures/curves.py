"""Pictures of curves: precision against recall, training loss and validation mIoU by epoch."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipelines.report.figures.style import DPI, line_style, save_figure


def draw_pr_curves(path: Path, curves: dict[str, dict[str, list[float]]], title: str) -> None:
    """Draw precision against recall as PNG: the mean over classes, and every class on its own.

    Args:
        path: the file to write.
        curves: fuser -> class -> 101 precisions at recall 0, .01, .., 1 (IoU .5); classes without ground truth are
            absent.
        title: of the figure.
    """
    classes = list(dict.fromkeys(name for by_class in curves.values() for name in by_class))
    columns = max(ceil(len(classes) / 2), 1)
    figure = Figure(figsize=(5.6 + 2.7 * columns, 5.9), dpi=DPI, layout="constrained")
    grid = figure.add_gridspec(2, columns + 2, width_ratios=[1.1, 1.1, *[1.0] * columns])
    main = figure.add_subplot(grid[:, :2])
    small = {
        name: figure.add_subplot(grid[index // columns, 2 + index % columns]) for index, name in enumerate(classes)
    }
    recall = np.linspace(0, 1, 101)
    for index, by_class in enumerate(curves.values()):
        style = line_style(index)
        main.plot(recall, np.mean(list(by_class.values()), axis=0), lw=2.2, **style)
        for name, precision in by_class.items():
            small[name].plot(recall, precision, lw=1.5, **style)
    for name, axes in {"mean over classes": main, **small}.items():
        axes.set(xlim=(0, 1), ylim=(0, 1.03), title=name, xlabel="recall", ylabel="precision")
        axes.grid(color="0.9", lw=0.8)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, fontsize=14, weight="bold")
    figure.legend(main.lines, list(curves), loc="outside lower center", ncols=min(len(curves), 7), frameon=False)
    save_figure(figure, path)


def validation_curve(folder: Path) -> list[float]:
    """Read the validation mIoU of every epoch from the log of a segmenter's training."""
    lines = (folder / "log.csv").read_text(encoding="utf-8").splitlines()
    return [float(row["validation_mIoU"]) for row in csv.DictReader(lines)]


def draw_validation_curves(path: Path, curves: Mapping[str, Sequence[float]], title: str = "") -> None:
    """Draw validation mIoU by epoch as PNG, one curve per fuser with its best epoch marked.

    Args:
        path: the file to write.
        curves: by fuser, one value per epoch from the first on.
        title: of the figure.
    """
    by_epoch = {fuser: dict(enumerate(values, start=1)) for fuser, values in curves.items()}
    best = {fuser: int(np.argmax(values)) + 1 for fuser, values in curves.items()}
    _draw_by_epoch(path, by_epoch, "validation mIoU", title, best)


def draw_loss_curves(path: Path, curves: Mapping[str, Mapping[int, float]], title: str) -> None:
    """Draw the training loss by epoch as PNG, one curve per fuser."""
    _draw_by_epoch(path, curves, "training loss", title, {})


def _draw_by_epoch(
    path: Path, curves: Mapping[str, Mapping[int, float]], what: str, title: str, marked: Mapping[str, int]
) -> None:
    """Draw `what` on an axis from 0, with a dot at the marked epoch of a fuser."""
    figure = Figure(figsize=(8.4, 4.6), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    for index, (fuser, values) in enumerate(curves.items()):
        style = line_style(index)
        axes.plot(list(values), list(values.values()), lw=1.8, label=fuser, **style)
        if fuser in marked:
            axes.plot(marked[fuser], values[marked[fuser]], marker="o", color=style["color"])
    axes.set(xlabel="epoch", ylabel=what, ylim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="0.9", lw=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.suptitle(title, fontsize=14, weight="bold")
    save_figure(figure, path)
