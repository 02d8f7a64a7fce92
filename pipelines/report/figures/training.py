"""Pictures of a training: losses, gate and metrics by epoch, and held-out pairs fused by the best network."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from fusion.errors import InputError
from fusion.fusers import ISFuseFuser, fuse_pair
from fusion.images import Pair
from pipelines.report.figures.boxes import draw_panel
from pipelines.report.figures.style import CURVE_PALETTE, save_figure
from pipelines.report.panels import spread

_COLUMNS = 4
_SCENES = 3


def draw_training_curves(out_dir: Path) -> None:
    """Draw `out_dir`/curves.png from log.csv: losses and gate in training and on held-out pairs, and every metric.

    Raises:
        InputError: there is no log.
    """
    try:
        rows = list(csv.DictReader((out_dir / "log.csv").read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise InputError(f"{out_dir / 'log.csv'}: cannot be read ({error.strerror})") from error
    epochs = [int(row["epoch"]) for row in rows]
    columns = [name for name in rows[0] if name not in ("epoch", "step")]
    titles = list(dict.fromkeys(name.removeprefix("validation_") for name in columns))
    count = -(-len(titles) // _COLUMNS)
    figure = Figure(figsize=(3.3 * _COLUMNS, 2.6 * count + 0.8), dpi=110, layout="constrained")
    grid = figure.subplots(count, _COLUMNS, squeeze=False).ravel()
    for axes in grid[len(titles) :]:
        axes.remove()
    for axes, title in zip(grid, titles, strict=False):
        curves = (("training", title, CURVE_PALETTE[0]), ("held out", f"validation_{title}", CURVE_PALETTE[1]))
        for label, name, colour in curves:
            if name in columns:
                axes.plot(epochs, [float(row[name]) for row in rows], color=colour, lw=1.6, marker=".", label=label)
        axes.set_title(title, fontsize=11)
        axes.grid(color="0.9", lw=0.8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle("training by epoch", fontsize=13, weight="bold")
    save_figure(figure, out_dir / "curves.png")


def draw_held_out(out_dir: Path, pairs: Sequence[Pair]) -> None:
    """Draw `out_dir`/scenes/<stem>.png of three held-out pairs: the sources and the image fused by the best network."""
    fuser = ISFuseFuser(out_dir / "best.safetensors")
    for pair in spread(pairs, _SCENES):
        infrared, visible = pair.read()
        fused = {"fused": fuse_pair(fuser, infrared, visible)}
        title = f"held out, scene {pair.stem}"
        draw_panel(out_dir / "scenes" / f"{pair.stem}.png", infrared, visible, fused, (), {}, title, ())
