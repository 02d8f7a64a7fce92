"""The one record every label format becomes, and what is done with boxes that do not fit their image."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from fusion.errors import InputError, unknown_name

log = logging.getLogger(__name__)

_ROUNDING_PX = 0.01  # label files of six digits put a box on the border up to 0.004 px outside an 8000 px image


@dataclass(frozen=True)
class Box:
    """One labelled object; `xyxy` is left, top, right, bottom in pixels, x right and y down.

    After `clean_boxes`, 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height.
    """

    class_name: str
    xyxy: tuple[float, float, float, float]


@dataclass(frozen=True)
class LabelFaults:
    """How many boxes were cut at the border of their image, and how many were thrown away."""

    clipped: int = 0
    dropped: int = 0

    def __add__(self, other: LabelFaults) -> LabelFaults:
        return LabelFaults(self.clipped + other.clipped, self.dropped + other.dropped)


def clean_boxes(boxes: Iterable[Box], width: int, height: int, source: Path | str) -> tuple[list[Box], LabelFaults]:
    """Cut boxes at the border of the image and drop those without area in it; one warning per file names `source`."""
    kept, clipped, dropped = [], 0, 0
    for box in boxes:
        x1, x2 = (min(max(x, 0.0), float(width)) for x in box.xyxy[::2])
        y1, y2 = (min(max(y, 0.0), float(height)) for y in box.xyxy[1::2])
        inside = (x1, y1, x2, y2)
        if min(x2 - x1, y2 - y1) <= _ROUNDING_PX:
            dropped += 1
            continue
        clipped += max(abs(a - b) for a, b in zip(inside, box.xyxy, strict=True)) > _ROUNDING_PX
        kept.append(Box(box.class_name, inside))
    if clipped or dropped:
        log.warning(
            "%s: %d boxes clipped to the %dx%d image, %d without area in it dropped",
            source,
            clipped,
            width,
            height,
            dropped,
        )
    return kept, LabelFaults(clipped, dropped)


def coordinate(value: str | float) -> float:
    """Read one coordinate.

    Raises:
        ValueError: it is no number, or not a finite one.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is not finite")
    return number


def require_class(name: str, classes: Collection[str], where: str) -> None:
    """Check that `name` is one of `classes`, letter by letter.

    Raises:
        InputError: it is not; the message starts with `where` and suggests the nearest class.
    """
    if name not in classes:
        raise InputError(f"{where}: {unknown_name('class', name, classes)}")
