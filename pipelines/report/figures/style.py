"""What all pictures of a report share: colours, a grid of captioned images, saving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fusion.storage import atomic_path

# Okabe and Ito's palette, distinguishable by colour-blind readers.
CURVE_PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_LINE_STYLES = ("-", "--", ":", "-.")
DPI = 150
_CAPTION, _MARGIN, _TITLE = 0.3, 0.08, 0.4  # inches
Captioned = tuple[str, npt.NDArray[Any]]


def line_style(index: int) -> dict[str, Any]:
    """Return colour and dashes of the curve of a fuser by its position in the report, as matplotlib takes them."""
    dashes = _LINE_STYLES[index // len(CURVE_PALETTE) % len(_LINE_STYLES)]
    return {"color": CURVE_PALETTE[index % len(CURVE_PALETTE)], "ls": dashes}


def image_grid(lines: Sequence[Sequence[Captioned]], cell: float, title: str) -> tuple[Figure, list[Axes]]:
    """Arrange images of one size in a grid, each under its caption, with room for a legend at the bottom.

    Args:
        lines: captions and (H, W, 3) pixels, row by row.
        cell: width of an image in inches.
        title: of the figure.

    Returns:
        The figure, and the axes of the images in reading order, in image pixels.
    """
    high, wide = lines[0][0][1].shape[:2]
    cell_height = cell * high / wide
    width = max(len(line) for line in lines) * (cell + _MARGIN) + _MARGIN
    height = len(lines) * (cell_height + _CAPTION + _MARGIN) + 2 * _TITLE  # title above, legend below
    figure = Figure(figsize=(width, height), dpi=DPI)
    drawn = []
    for row, line in enumerate(lines):
        for column, (caption, pixels) in enumerate(line):
            left = _MARGIN + column * (cell + _MARGIN)
            top = height - _TITLE - row * (cell_height + _CAPTION + _MARGIN) - _CAPTION
            axes = figure.add_axes((left / width, (top - cell_height) / height, cell / width, cell_height / height))
            axes.imshow(pixels)
            axes.set_axis_off()
            axes.set_title(caption, fontsize=13, pad=4)
            drawn.append(axes)
    figure.text(0.5, 1 - 0.22 / height, title, ha="center", va="center", fontsize=15, weight="bold")
    return figure, drawn


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, atomically; the same figure gives the same bytes."""
    FigureCanvasAgg(figure)
    with atomic_path(path) as partial:
        figure.savefig(partial, metadata={"Software": None})
