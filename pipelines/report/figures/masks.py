"""Pictures of segmentations: a scene with the prediction of every network, and confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from torch import Tensor

from downstream.datasets import IGNORED, Mask
from downstream.segmentation import Confusion, class_shares
from fusion.images import to_bytes
from pipelines.report.figures.style import DPI, image_grid, save_figure

# For class 1 and up; the background shows the image. Okabe and Ito's colours and white, then matplotlib's.
_PALETTE = ("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#FFFFFF")
OPACITY = 0.65
_CELL = 3.4  # inches
_WIDEST_GRID = 4
_FROM_WHITE = 0.6  # a share above this is dark enough for white figures


def draw_mask_panel(
    path: Path,
    infrared: Tensor,
    visible: Tensor,
    truth: Mask,
    fused: Mapping[str, Tensor],
    predicted: Mapping[str, Mask],
    title: str,
    classes: Sequence[str],
) -> None:
    """Draw one scene as PNG: the sources and the ground truth, then every fused image above its prediction.

    Args:
        path: the file to write.
        infrared: (1, H, W) in [0, 1].
        visible: (3, H, W) RGB in [0, 1]; every fused image likewise.
        truth: (H, W) class numbers; unknown pixels are grey.
        fused: by name of the fuser.
        predicted: by the same names, as `truth`.
        title: stands above all.
        classes: in the order of the class numbers.
    """
    background = to_bytes(visible)
    lines = [
        [
            ("infrared (source)", to_bytes(infrared.expand(3, -1, -1))),
            ("visible (source)", background),
            ("truth", _overlay(background, truth, len(classes))),
        ],
        [(name, to_bytes(image)) for name, image in fused.items()],
        [("prediction", _overlay(to_bytes(fused[name]), mask, len(classes))) for name, mask in predicted.items()],
    ]
    figure, _ = image_grid([line for line in lines if line], _CELL, title)
    colours = class_colours(len(classes))
    keys = [Patch(facecolor=colours[k], edgecolor="0.5", label=name) for k, name in enumerate(classes) if k]
    figure.legend(handles=keys, loc="lower center", ncols=len(keys), fontsize=12, frameon=False)
    save_figure(figure, path)


def draw_confusions(path: Path, confusions: Mapping[str, Confusion], classes: Sequence[str], title: str) -> None:
    """Draw the confusion matrix of every fuser as PNG, true classes in rows, normalised by row."""
    columns = min(_WIDEST_GRID, len(confusions))
    rows = ceil(len(confusions) / columns)
    side = 0.42 * len(classes) + 1.3
    figure = Figure(figsize=(columns * side + 0.5, rows * side + 0.8), dpi=DPI, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(confusions) :]:
        axes.remove()
    for axes, (fuser, confusion) in zip(grid, confusions.items(), strict=False):
        shares = class_shares(confusion)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), share in np.ndenumerate(shares):
            if share >= 0.005:
                colour = "white" if share > _FROM_WHITE else "black"
                axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=7, color=colour)
        axes.set_xticks(range(len(classes)), classes, rotation=60, ha="right", rotation_mode="anchor", fontsize=8)
        axes.set_yticks(range(len(classes)), classes, fontsize=8)
        axes.set(xlabel="predicted", ylabel="true")
        axes.set_title(fuser, fontsize=12)
    figure.suptitle(title, fontsize=14, weight="bold")
    save_figure(figure, path)


def _overlay(image: npt.NDArray[np.uint8], mask: Mask, classes: int) -> npt.NDArray[np.uint8]:
    """Blend the colours of the classes into an (H, W, 3) image."""
    table = np.full((IGNORED + 1, 3), 0.5)
    table[:classes] = class_colours(classes)
    opacity = np.where(mask == 0, 0.0, OPACITY)[..., None]
    blended: npt.NDArray[np.float64] = (1 - opacity) * image + opacity * 255 * table[mask]
    return blended.astype(np.uint8)


def class_colours(classes: int) -> list[tuple[float, float, float]]:
    """Return the colour of every class, RGB in [0, 1]; that of the background is not drawn."""
    more = [colormaps["tab20"](number % 20)[:3] for number in range(classes)]
    known = [to_rgb(colour) for colour in ("black", *_PALETTE)]
    return [known[number] if number < len(known) else more[number] for number in range(classes)]
