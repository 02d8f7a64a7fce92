"""Pictures of detections: the sources and every fused image of a scene, with ground-truth and detected boxes."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from torch import Tensor

from downstream.datasets import Box
from fusion.images import to_bytes
from pipelines.report.figures.style import image_grid, save_figure

LOWEST_SCORE = 0.25
# Okabe and Ito's colours; those that stand out most on grey images come first.
_PALETTE = ("#56B4E9", "#E69F00", "#CC79A7", "#F0E442", "#009E73", "#D55E00", "#0072B2")
_WIDEST_GRID = 4
_CELL = 4.6  # inches
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
    """Draw one scene as PNG: both sources and every fused image with ground-truth boxes, and detections on the latter.

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
    columns = ceil(len(images) / ceil(len(images) / _WIDEST_GRID))
    captioned = [(name, to_bytes(image)) for name, image in images.items()]
    lines = [captioned[start : start + columns] for start in range(0, len(captioned), columns)]
    figure, drawn = image_grid(lines, _CELL, title)
    for name, axes in zip(images, drawn, strict=True):
        for box in truth:
            _draw_box(axes, box, "white", dashed=True)
        found = predictions.get(name, []) if name in fused else []
        _draw_predictions(axes, [(box, score) for box, score in found if score >= LOWEST_SCORE], classes)
    if classes:
        keys = [Patch(color=class_colour(index), label=name) for index, name in enumerate(classes)]
        handles = [Patch(facecolor="0.4", edgecolor="white", ls="--", lw=1.5, label="true box"), *keys]
        figure.legend(handles=handles, loc="lower center", ncols=len(handles), fontsize=12, frameon=False)
    save_figure(figure, path)


def class_colour(number: int) -> str:
    """Return the colour of the boxes of a class as #RRGGBB."""
    return _PALETTE[number % len(_PALETTE)]


def _draw_box(axes: Axes, box: Box, colour: str, dashed: bool) -> None:
    x1, y1, x2, y2 = box.xyxy
    line_style, width = ("--", 1.0) if dashed else ("-", 1.5)
    edge = Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colour, ls=line_style, lw=width)
    edge.set_path_effects([withStroke(linewidth=width + 1, foreground="black", alpha=0.6)])  # seen on bright ground too
    axes.add_patch(edge)


def _draw_predictions(axes: Axes, found: list[tuple[Box, float]], classes: Sequence[str]) -> None:
    """Draw labelled boxes; a label that would cover that of a higher-scoring box is drawn below it."""
    width, height = axes.get_xlim()[1], axes.get_ylim()[0]
    inch = width / _CELL
    taken: list[tuple[float, float, float]] = []  # left, right, top
    for box, score in sorted(found, key=lambda item: -item[1]):
        colour = class_colour(classes.index(box.class_name))
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
