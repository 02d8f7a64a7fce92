"""Write generated scenes in the folder layout of a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fusion.errors import unknown_name
from fusion.storage import write_json
from pipelines.sample.describe import describe_scene
from pipelines.sample.m3fd_layout import write_m3fd
from pipelines.sample.m3fd_street import M3FD_STREET
from pipelines.sample.msrs_layout import write_msrs
from pipelines.sample.msrs_street import MSRS_STREET
from pipelines.sample.placing import box_of
from pipelines.sample.scene import Scene
from pipelines.sample.street import Street


class _Layout(NamedTuple):
    """Which street is shown, and who writes (split, scene) after (split, scene) and gives the scenes by stem."""

    street: Street
    write: Callable[[Path, Iterable[tuple[str, Scene]]], dict[str, Scene]]


_LAYOUTS = {"m3fd": _Layout(M3FD_STREET, write_m3fd), "msrs": _Layout(MSRS_STREET, write_msrs)}


def write_sample(
    root: Path, train: int, test: int, seed: int = 0, size: tuple[int, int] = (320, 256), layout: str = "m3fd"
) -> None:
    """Write `train` + `test` generated pairs with labels and split, as a data set is laid out.

    Image k is made from (seed, k) alone, so that a larger sample begins with the images of a smaller one.
    Next to what the data set has, writes root/objects.json: per stem the light and for each object its class,
    `box_xyxy` in pixels and `shown_by` (both, infrared or visible), the known answer to which camera can find it.

    Args:
        root: the folder to make; files of equal names are replaced.
        train: number of pairs in the training split; ids run through it first, then through the test split.
        test: number of pairs in the test split.
        seed: another seed gives other scenes.
        size: width and height of the images in pixels.
        layout: m3fd (boxes of six classes, see `write_m3fd`) or msrs (masks of nine, see `write_msrs`).

    Raises:
        InputError: no such layout.
    """
    if layout not in _LAYOUTS:
        raise unknown_name("layout", layout, _LAYOUTS)
    street, write = _LAYOUTS[layout]
    scenes = (
        ("train" if index < train else "test", describe_scene(np.random.default_rng((seed, index)), size, street))
        for index in range(train + test)
    )
    written = write(root, scenes)
    write_json(root / "objects.json", {stem: _known(scene) for stem, scene in written.items()})


def sample_split(root: Path) -> str:
    """Name the split of a written sample, as the pipelines take it: its own lists, or `folders`."""
    lists = root / "splits"
    return str(lists) if lists.is_dir() else "folders"


def _known(scene: Scene) -> dict[str, Any]:
    return {
        "light": scene.light,
        "objects": [
            {"class": thing.kind, "box_xyxy": box_of(thing, scene.camera), "shown_by": thing.shown_by}
            for thing in scene.things
        ],
    }
