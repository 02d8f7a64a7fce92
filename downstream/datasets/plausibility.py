"""Whether the content of a data set makes sense: signs of images and labels that are read otherwise than meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from downstream.datasets.boxes import LabelFaults
from fusion.errors import first_few

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

TINY = 3  # pixels: side of a box that no detector finds
_FLAT = 4  # grey levels between the 1 % and the 99 % quantile of an image that shows next to nothing
_SATURATED = 0.25  # share of pixels that are black or white
_MANY = 0.1  # share of boxes, pixels or images that is worth a warning


@dataclass(frozen=True)
class LabelCounts:
    """What the label of one image says.

    Attributes:
        classes: boxes or pixels by class, those to be ignored left out.
        ignored: boxes that are difficult or a crowd.
        tiny: boxes with a side below 3 pixels.
        unknown: pixels without class.
        faults: what was mended.
    """

    classes: Mapping[str, int] = field(default_factory=dict)
    ignored: int = 0
    tiny: int = 0
    unknown: int = 0
    faults: LabelFaults = field(default_factory=LabelFaults)


@dataclass(frozen=True)
class Appearance:
    """How the images of one pair look.

    Attributes:
        flat: the cameras whose image spans fewer than 4 grey levels.
        saturated: the cameras of whose image a quarter is black or white.
        alike: both images show the same levels.
        coloured: the infrared image has colours.
    """

    flat: frozenset[str]
    saturated: frozenset[str]
    alike: bool
    coloured: bool


def look_at(infrared: Tensor, visible: Tensor, infrared_path: Path) -> Appearance:
    """Judge a pair as `Pair.read` returns it, and the channels of its infrared file."""
    import numpy as np

    from fusion.images import luma, read_pixels

    levels = {"infrared": infrared[0].numpy() * 255, "visible": luma(visible)[0].numpy() * 255}
    spreads = {camera: np.subtract(*np.quantile(of_camera, (0.99, 0.01))) for camera, of_camera in levels.items()}
    ends = {camera: np.mean((of_camera < 1) | (of_camera > 254)) for camera, of_camera in levels.items()}
    pixels = read_pixels(infrared_path)
    return Appearance(
        frozenset(camera for camera, spread in spreads.items() if spread < _FLAT),
        frozenset(camera for camera, share in ends.items() if share > _SATURATED),
        bool(np.abs(levels["infrared"] - levels["visible"]).max() < 1),
        pixels.shape[2] == 3 and bool((np.ptp(pixels.astype(np.int64), axis=2) > _FLAT).mean() > _MANY),
    )


def image_warnings(appearances: Mapping[str, Appearance]) -> list[str]:
    """Describe in one line each what is odd about images, by stem."""

    def told(what: str, odd: Callable[[Appearance], bool], why: str) -> Iterable[str]:
        stems = [stem for stem, appearance in appearances.items() if odd(appearance)]
        if stems:
            yield f"{len(stems)} of {len(appearances)} {what} ({first_few(stems)}): {why}"

    lines = list(told("pairs show the same image twice", lambda one: one.alike, "the two cameras do not differ"))
    for camera in ("infrared", "visible"):

        def is_flat(one: Appearance, camera: str = camera) -> bool:
            return camera in one.flat

        def is_saturated(one: Appearance, camera: str = camera) -> bool:
            return camera in one.saturated

        lines += told(f"{camera} images span fewer than {_FLAT} grey levels", is_flat, "next to nothing to see")
        why = "lost to the range of the camera or of the file"
        lines += told(f"{camera} images are to a quarter black or white", is_saturated, why)
    why = "the luma of a colour map is no temperature"
    return [*lines, *told("infrared images have colours", lambda one: one.coloured, why)]


def label_warnings(counts: Sequence[LabelCounts], pixels: int, classes: Sequence[str]) -> list[str]:
    """Describe in one line each what is odd about labels.

    Args:
        counts: of all images.
        pixels: of all images together.
        classes: of the data set.
    """
    faults = sum((one.faults for one in counts), LabelFaults())
    boxes = sum(sum(one.classes.values()) + one.ignored for one in counts)
    tiny, unknown = sum(one.tiny for one in counts), sum(one.unknown for one in counts)
    absent = [name for name in classes if not any(one.classes.get(name) for one in counts)] if counts else []
    told = [
        (faults.repeated, f"{faults.repeated} boxes are there twice and left out"),
        (faults.dropped, f"{faults.dropped} boxes have no area in their image and are left out"),
        (faults.clipped, f"{faults.clipped} boxes reach beyond their image and are clipped"),
        (faults.outside, f"{faults.outside} boxes have less than a pixel in the frame and are left out"),
        (tiny > _MANY * boxes, f"{tiny} of {boxes} boxes have a side below {TINY} pixels"),
        (unknown > _MANY * pixels, f"{unknown / max(pixels, 1):.0%} of all pixels have no class"),
        (absent, f"no label shows {', '.join(absent)}"),
    ]
    return [line for is_told, line in told if is_told]
