"""The record of one labelled object, and what all label formats share: clipping, coordinates, class names."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from fusion.errors import InputError, unknown_name

log = logging.getLogger(__name__)

_ROUNDING_PX = 0.01  # label files of six digits put a box on the border up to 0.004 px outside an 8000 px image


@dataclass(frozen=True)
class Box:
    """One labelled object.

    Attributes:
        class_name: name of the class.
        xyxy: left, top, right, bottom in pixels, x to the right and y down. After `clean_boxes`,
            0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height.
        ignore: "difficult" or "crowd" for an object that nothing is trained on, and that a detector neither gains nor
            loses by finding, as VOC and COCO score such objects; "" for all others.
    """

    class_name: str
    xyxy: tuple[float, float, float, float]
    ignore: str = ""


@dataclass(frozen=True)
class LabelFaults:
    """What was mended in labels.

    Attributes:
        clipped: boxes clipped to their image.
        dropped: boxes dropped because no area of them is inside.
        repeated: boxes dropped because the same object is there before.
        unlabelled: images without a label file, which show no object.
        outside: boxes dropped because less than a pixel of them is in the frame of the registration.
    """

    clipped: int = 0
    dropped: int = 0
    repeated: int = 0
    unlabelled: int = 0
    outside: int = 0

    def __add__(self, other: LabelFaults) -> LabelFaults:
        return LabelFaults(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def clean_boxes(boxes: Iterable[Box], width: int, height: int, source: Path | str) -> tuple[list[Box], LabelFaults]:
    """Clip boxes to the image; drop those without area inside it, and all but the first of equal ones.

    Args:
        boxes: the objects of one image, in any range of finite or infinite coordinates.
        width: of the image in pixels.
        height: likewise.
        source: the label file; one warning names it if a box is clipped or dropped.

    Returns:
        The remaining boxes in the same order, and the number of clipped and dropped ones. Boxes that reach at most
        0.01 pixels over the border are clipped but not counted; boxes of one class that differ by less are equal.

    Example:
        >>> kept, faults = clean_boxes([Box("Car", (-5, 3, 20, 31)), Box("Bus", (50, 0, 60, 9))], 40, 30, "00001.xml")
        >>> kept, faults.clipped, faults.dropped
        ([Box(class_name='Car', xyxy=(0.0, 3, 20, 30.0), ignore='')], 1, 1)
    """
    kept: dict[tuple[str, ...], Box] = {}
    clipped, dropped, repeated = 0, 0, 0
    for box in boxes:
        x1, x2 = (min(max(x, 0.0), float(width)) for x in box.xyxy[::2])
        y1, y2 = (min(max(y, 0.0), float(height)) for y in box.xyxy[1::2])
        inside = (x1, y1, x2, y2)
        if min(x2 - x1, y2 - y1) <= _ROUNDING_PX:
            dropped += 1
            continue
        key = (box.class_name, *(f"{value:.2f}" for value in inside))
        if key in kept:
            repeated += 1
            continue
        clipped += max(abs(a - b) for a, b in zip(inside, box.xyxy, strict=True)) > _ROUNDING_PX
        kept[key] = replace(box, xyxy=inside)
    if clipped or dropped or repeated:
        log.warning(
            "%s: %d boxes clipped to the %dx%d image, %d without area in it dropped, %d repeated ones dropped",
            source,
            clipped,
            width,
            height,
            dropped,
            repeated,
        )
    return list(kept.values()), LabelFaults(clipped, dropped, repeated)


def coordinate(value: str | float) -> float:
    """Convert one coordinate to float.

    Raises:
        ValueError: the value is not a finite number.

    Example:
        >>> coordinate("12.5")
        12.5
        >>> coordinate("nan")
        Traceback (most recent call last):
        ...
        ValueError: nan is not finite
    """
    try:
        number = float(value)
    except OverflowError as error:  # an integer above 1e308, as JSON may contain
        raise ValueError("an integer is too large") from error
    if not math.isfinite(number):
        raise ValueError(f"{value} is not finite")
    return number


def require_class(name: str, classes: Collection[str], where: str) -> None:
    """Check that `name` is one of `classes`; upper and lower case differ.

    Args:
        name: the class of an object.
        classes: the known classes.
        where: the file and the object, for the error message.

    Raises:
        InputError: the class is unknown; the message suggests the nearest one.

    Example:
        >>> require_class("car", ["Car", "Bus"], "00001.xml: object 1")
        Traceback (most recent call last):
        ...
        fusion.errors.InputError: 00001.xml: object 1: unknown class 'car'. Did you mean 'Car'? Known: Bus, Car
    """
    if name not in classes:
        raise InputError(f"{where}: {unknown_name('class', name, classes)}")
