"""Pictures of detection results: what was found in one scene, and precision against recall."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from torch import Tensor

from downstream.boxes import Box
from fusion.files import atomic_path
from fusion.images import to_bytes

LOWEST_SCORE = 0.25
# Okabe and Ito's colours, which colour-blind readers tell apart; those that stand out most on grey images come first.
_PALETTE = ("#56B4E9", "#E69F00", "#CC79A7", "#F0E442", "#009E73", "#D55E00", "#0072B2")
CURVE_PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_LINE_STYLES = ("-", "--", ":", "-.")
_DPI = 150
_WIDEST_GRID = 4
_CELL, _CAPTION, _MARGIN = 4.6, 0.3, 0.08  # inches
_LETTER, _LABEL = 0.066, 0.125  # inches: width of a letter and height of a label, at 7.5 points


def draw_panel(
    path: Path,
    infrared: Tensor,
    visible: Tensor,
    fused: dict[str, Tensor],
    truth: Sequence[Box],
    predictions: dict[str, list[tuple[Box, float]]],
    title: str,
    classes: Sequence[str],
) -> None:
    """Draw one scene as PNG: both sources and every fused image, with true boxes, and predictions where fused.

    Args:
        path: the file to write.
        infrared: (1, H, W) in [0, 1].
        visible: (3, H, W) RGB in [0, 1]; every fused image likewise.
        fused: by name of the fuser.
        truth: dashed in white on every image.
        predictions: boxes with score, by name of the fuser; those below `LOWEST_SCORE` are left out.
        title: stands above all.
        classes: all of the data set, so that a class has one colour in all panels; none where no boxes are shown.
    """
    images = {"infrared (source)": infrared.expand(3, -1, -1), "visible (source)": visible, **fused}
    rows = ceil(len(images) / _WIDEST_GRID)
    columns = ceil(len(images) / rows)
    cell_height = _CELL * infrared.shape[1] / infrared.shape[2]
    width = columns * (_CELL + _MARGIN) + _MARGIN
    height = rows * (cell_height + _CAPTION + _MARGIN) + 2 * 0.4  # title above, legend below
    figure = Figure(figsize=(width, height), dpi=_DPI)
    for index, (name, image) in enumerate(images.items()):
        row, col = divmod(index, columns)
        left = _MARGIN + col * (_CELL + _MARGIN)
        top = height - 0.4 - row * (cell_height + _CAPTION + _MARGIN) - _CAPTION
        axes = figure.add_axes((left / width, (top - cell_height) / height, _CELL / width, cell_height / height))
        axes.imshow(to_bytes(image))
        axes.set_axis_off()
        axes.set_title(name, fontsize=13, pad=4)
        for box in truth:
            _draw_box(axes, box, "white", dashed=True)
        found = predictions.get(name, []) if name in fused else []
        _draw_predictions(axes, [(box, score) for box, score in found if score >= LOWEST_SCORE], classes)
    figure.text(0.5, 1 - 0.22 / height, title, ha="center", va="center", fontsize=15, weight="bold")
    if classes:
        keys = [Patch(color=_PALETTE[index % len(_PALETTE)], label=name) for index, name in enumerate(classes)]
        handles = [Patch(facecolor="0.4", edgecolor="white", ls="--", lw=1.5, label="true box"), *keys]
        figure.legend(handles=handles, loc="lower center", ncols=len(handles), fontsize=12, frameon=False)
    save_figure(figure, path)


def draw_pr_curves(path: Path, curves: dict[str, dict[str, list[float]]], title: str) -> None:
    """Draw precision against recall as PNG: the mean over classes, and every class on its own.

    Args:
        path: the file to write.
        curves: fuser -> class -> 101 precisions at recall 0, .01, .., 1 (IoU .5); a class without true boxes is absent.
        title: stands above all.
    """
    classes = list(dict.fromkeys(name for by_class in curves.values() for name in by_class))
    columns = max(ceil(len(classes) / 2), 1)
    figure = Figure(figsize=(5.6 + 2.7 * columns, 5.9), dpi=_DPI, layout="constrained")
    grid = figure.add_gridspec(2, columns + 2, width_ratios=[1.1, 1.1, *[1.0] * columns])
    main = figure.add_subplot(grid[:, :2])
    small = {
        name: figure.add_subplot(grid[index // columns, 2 + index % columns]) for index, name in enumerate(classes)
    }
    recall = np.linspace(0, 1, 101)
    for index, by_class in enumerate(curves.values()):
        colour = CURVE_PALETTE[index % len(CURVE_PALETTE)]
        style = _LINE_STYLES[index // len(CURVE_PALETTE) % len(_LINE_STYLES)]
        main.plot(recall, np.mean(list(by_class.values()), axis=0), color=colour, ls=style, lw=2.2)
        for name, precision in by_class.items():
            small[name].plot(recall, precision, color=colour, ls=style, lw=1.5)
    for name, axes in {"mean over classes": main, **small}.items():
        axes.set(xlim=(0, 1), ylim=(0, 1.03), title=name, xlabel="recall", ylabel="precision")
        axes.grid(color="0.9", lw=0.8)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, fontsize=14, weight="bold")
    figure.legend(main.lines, list(curves), loc="outside lower center", ncols=min(len(curves), 7), frameon=False)
    save_figure(figure, path)


def _draw_box(axes: Axes, box: Box, colour: str, dashed: bool) -> None:
    x1, y1, x2, y2 = box.xyxy
    line_style, width = ("--", 1.0) if dashed else ("-", 1.5)
    edge = Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colour, ls=line_style, lw=width)
    edge.set_path_effects([withStroke(linewidth=width + 1, foreground="black", alpha=0.6)])  # seen on bright ground too
    axes.add_patch(edge)


def _draw_predictions(axes: Axes, found: list[tuple[Box, float]], classes: Sequence[str]) -> None:
    """Draw boxes and a label at each: where it meets no label of a surer box, or else under that label."""
    width, height = axes.get_xlim()[1], axes.get_ylim()[0]
    inch = width / _CELL
    taken: list[tuple[float, float, float]] = []  # left, right, top
    for box, score in sorted(found, key=lambda item: -item[1]):
        colour = _PALETTE[classes.index(box.class_name) % len(_PALETTE)]
        _draw_box(axes, box, colour, dashed=False)
        text = f"{box.class_name} {f'{score:.2f}'.removeprefix('0')}"
        x1, y1, _, y2 = box.xyxy
        long, high = len(text) * _LETTER * inch, _LABEL * inch
        left = max(min(x1, width - long), 0.0)
        wanted = (y1 - high, y2, y1, y1 - 2 * high, y2 + high, y1 - 3 * high)
        tops = [top for top in wanted if 0 <= top <= height - high] or [0.0]
        free = (t for t in tops if not any(left < b and a < left + long and abs(t - u) < high for a, b, u in taken))
        top = next(free, tops[0])
        taken.append((left, left + long, top))
        axes.add_patch(Rectangle((left, top), long, high, facecolor=colour, alpha=0.85, zorder=3 + score))
        axes.text(
            left + long / 2, top + high / 2, text, ha="center", va="center_baseline", fontsize=7.5, zorder=3 + score
        )


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, atomically; equal content gives equal bytes."""
    FigureCanvasAgg(figure)
    with atomic_path(path) as partial:
        figure.savefig(partial, metadata={"Software": None})
