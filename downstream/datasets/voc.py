"""Read Pascal VOC labels: one XML file per image, class names, corners in pixels."""

from __future__ import annotations

import logging
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

from downstream.datasets.boxes import Box, coordinate, require_class
from fusion.errors import InputError, one_line

log = logging.getLogger(__name__)


def read_voc(path: Path, classes: Collection[str], size: tuple[int, int]) -> list[Box]:
    """Read the objects of one image.

    Coordinates are used as they are: 1-based ones are not shifted, and boxes are not clipped. Objects inside another
    element are found, too; those with <difficult>1 are to be ignored.

    Args:
        path: the XML file; its <size> is optional, and 0x0, as several tools write it, says nothing, with a warning.
        classes: the known class names.
        size: width and height of the image in pixels.

    Returns:
        The objects in the order of the file; none if the annotation has no <object>.

    Raises:
        InputError: the file is not a VOC annotation, a tag is missing, a coordinate is not a finite number, a class is
            unknown, or <size> differs from `size`.
    """
    root = _parse(path)
    stated = root.find("size")
    if stated is not None:
        width, height = (_number(stated, tag, f"{path}: <size>") for tag in ("width", "height"))
        if (width, height) == (0, 0):
            _warn_of_size(path.parent)
        elif (width, height) != size:
            raise InputError(
                f"{path}: <size> differs from the image (found {width:g}x{height:g}, expected {size[0]}x{size[1]})"
            )
    return [_box(item, classes, f"{path}: object {n}") for n, item in enumerate(root.iter("object"), 1)]


@lru_cache
def _warn_of_size(folder: Path) -> None:
    """Log once per folder that labels state no size."""
    log.warning("%s: labels with a <size> of 0x0; the sizes of the images are taken", folder)


def _parse(path: Path) -> ElementTree.Element:
    try:
        root = ElementTree.fromstring(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # the last two: an encoding unknown to Python
        raise InputError(f"{path}: malformed XML ({one_line(error)}; expected a VOC <annotation>)") from error
    if root.tag != "annotation":
        raise InputError(f"{path}: no VOC file (found root tag {root.tag!r}, expected 'annotation')")
    return root


def _box(item: ElementTree.Element, classes: Collection[str], where: str) -> Box:
    name = _text(item, "name", where)
    require_class(name, classes, where)
    bounds = item.find("bndbox")
    if bounds is None:
        raise InputError(f"{where}: no <bndbox> (expected one with <xmin>, <ymin>, <xmax> and <ymax>)")
    x1, y1, x2, y2 = (_number(bounds, tag, where) for tag in ("xmin", "ymin", "xmax", "ymax"))
    difficult = (item.findtext("difficult") or "").strip().lower() in ("1", "true", "yes")
    return Box(name, (x1, y1, x2, y2), "difficult" if difficult else "")


def _number(parent: ElementTree.Element, tag: str, where: str) -> float:
    text = _text(parent, tag, where)
    try:
        return coordinate(text)
    except ValueError as error:
        raise InputError(f"{where}: <{tag}> is invalid (found {text!r}, expected a finite number of pixels)") from error


def _text(parent: ElementTree.Element, tag: str, where: str) -> str:
    text = (parent.findtext(tag) or "").strip()
    if not text:
        raise InputError(f"{where}: <{tag}> is missing or empty (expected it inside <{parent.tag}>)")
    return text
