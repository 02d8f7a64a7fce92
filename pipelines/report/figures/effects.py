"""The picture of the effects of interventions on one scene, and of the network's gates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from fusion.images import to_bytes
from pipelines.report.figures.style import save_figure
from pipelines.rows import SceneEffects

_DPI = 150
_CELL, _CAPTION, _BAR = (
    3.4,
    0.4,
    0.9,
)  # inches: width of an image, height of what stands above it, width of a colour bar
_EXTREME = 0.005  # of the pixels lie beyond an end of a scale: a few would leave all others in one colour
Map = NDArray[np.float32]


def draw_effects(path: Path, infrared: Tensor, visible: Tensor, fused: Tensor, scene: SceneEffects, title: str) -> None:
    """Draw one scene as PNG: sources and gates above, the fused image and the effect of each intervention below.

    All effects share one scale from 0 to the 99.5 % quantile of their pixels. Every gate has its own, from its 0.5 % to
    its 99.5 % quantile inside the border, told in its title: gates differ more between scales than inside an image.

    Args:
        path: the file to write.
        infrared: (1, H, W) in [0, 1].
        visible: (3, H, W) RGB in [0, 1]; the fused image likewise.
        fused: what the fuser makes of the pair as it is.
        scene: of this pair.
        title: stands above all.
    """
    effects = {name.replace("_", " "): effect[0].numpy() for name, effect in scene.maps.items()}
    columns = 1 + len(effects)
    cell_height = _CELL * infrared.shape[1] / infrared.shape[2]
    size = (columns * _CELL + _BAR, 2 * (cell_height + _CAPTION) + _CAPTION)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    above, below = figure.subplots(2, columns)
    for axes in (*above, *below):
        axes.set_axis_off()
    sources = {"infrared": infrared.expand(3, -1, -1), "visible": visible, "fused": fused}
    for axes, (name, image) in zip((*above[:2], below[0]), sources.items(), strict=True):
        axes.imshow(to_bytes(image))
        axes.set_title(name, fontsize=13)
    for scale, gate in enumerate(scene.gates):
        _draw_gate(above[2 + scale], gate[0].numpy(), scale)
    _draw_effects(figure, below[1:], effects)
    figure.suptitle(title, fontsize=15, weight="bold")
    save_figure(figure, path)


def _draw_gate(axes: Axes, gate: Map, scale: int) -> None:
    inside = gate[1:-1, 1:-1]  # convolutions see zeros beyond the border, and a gate there is like nowhere else
    low, high = np.quantile(inside, [_EXTREME, 1 - _EXTREME])
    axes.imshow(gate, cmap="viridis", vmin=low, vmax=high, interpolation="nearest")
    size = f"1/{2**scale} size" if scale else "full size"
    axes.set_title(f"gate, {size}: {low:.3f} to {high:.3f}", fontsize=13)


def _draw_effects(figure: Figure, cells: Sequence[Axes], effects: dict[str, Map]) -> None:
    """Draw effect maps side by side on one colour scale, the mean of each in its title."""
    strongest = float(np.quantile(np.concatenate([effect.ravel() for effect in effects.values()]), 1 - _EXTREME))
    norm = Normalize(0.0, strongest or 1.0)
    for axes, (name, effect) in zip(cells, effects.items(), strict=True):
        axes.imshow(effect, cmap="inferno", norm=norm, interpolation="nearest")
        axes.set_title(f"{name}: mean {effect.mean():.4f}", fontsize=13)
    colours, label = ScalarMappable(norm, "inferno"), "change of fused luma"
    figure.colorbar(colours, ax=list(cells), label=label, extend="max", fraction=0.05, aspect=16, pad=0.01)
