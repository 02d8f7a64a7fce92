"""The scenes that a report shows: which ones, and their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from downstream.datasets import Box, read_mask
from fusion.images import Pair, read_visible
from pipelines.report.elements import Picture
from pipelines.report.figures.boxes import draw_panel
from pipelines.report.figures.masks import draw_mask_panel

T = TypeVar("T")


class Masks(NamedTuple):
    """Mask files of a scene: the ground truth, the prediction by fuser, and the levels of the former's classes."""

    truth: Path
    predicted: dict[str, Path]
    values: tuple[int, ...] = ()


@dataclass(frozen=True)
class Panel:
    """One scene: its pair and the fused images, the ground truth, and what a network predicted on those of every fuser.

    Ground truth and predictions are boxes, the predicted ones with a score, or mask files of class numbers.
    """

    pair: Pair
    fused: dict[str, Path]
    truth: tuple[Box, ...] = ()
    predictions: dict[str, list[tuple[Box, float]]] | None = None
    masks: Masks | None = None

    @property
    def stem(self) -> str:
        """The name of the scene."""
        return self.pair.stem


def blocks(items: Sequence[T], count: int) -> list[Sequence[T]]:
    """Cut a sequence into `count` parts of about equal length, leaving out empty ones.

    Example:
        >>> blocks("abcde", 2)
        ['ab', 'cde']
    """
    parts = [items[k * len(items) // count : (k + 1) * len(items) // count] for k in range(count)]
    return [part for part in parts if part]


def spread(items: Sequence[T], count: int) -> list[T]:
    """Pick `count` items spread evenly, the middle one of each block; all items if there are fewer.

    Example:
        >>> spread("abcdef", 2)
        ['b', 'e']
    """
    return [part[len(part) // 2] for part in blocks(items, count)]


def write_panels(out_dir: Path, panels: Sequence[Panel], title: str, classes: Sequence[str] = ()) -> list[Picture]:
    """Draw `out_dir`/panels/<stem>.png for every scene and return the pictures.

    Args:
        out_dir: the report's folder.
        panels: the scenes.
        title: of every picture, followed by the scene's name.
        classes: all of the data set, if boxes are shown.

    Raises:
        InputError: an image cannot be read or a file cannot be written.
    """
    for panel in panels:
        draw_panel(
            out_dir / "panels" / f"{panel.stem}.png",
            *panel.pair.read(),
            {name: read_visible(path) for name, path in panel.fused.items()},
            panel.truth,
            panel.predictions or {},
            f"{title}, scene {panel.stem}",
            classes,
        )
    return _pictures(panels)


def write_mask_panels(out_dir: Path, panels: Sequence[Panel], title: str, classes: Sequence[str]) -> list[Picture]:
    """Draw the scenes that have masks, as `write_panels` does."""
    for panel in panels:
        if panel.masks is None:
            continue
        draw_mask_panel(
            out_dir / "panels" / f"{panel.stem}.png",
            *panel.pair.read(),
            read_mask(panel.masks.truth, classes, panel.masks.values),
            {name: read_visible(path) for name, path in panel.fused.items()},
            {name: read_mask(path, classes) for name, path in panel.masks.predicted.items()},
            f"{title}, scene {panel.stem}",
            classes,
        )
    return _pictures(panels)


def _pictures(panels: Sequence[Panel]) -> list[Picture]:
    return [Picture(f"scene {panel.stem}", f"panels/{panel.stem}.png") for panel in panels]
