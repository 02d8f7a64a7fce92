"""Read and write YOLO labels: one text file per image, one line `class x_centre y_centre width height` per object.

Of a line `class x1 y1 x2 y2 x3 y3 ...`, the outline of an object, the box around it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from downstream.datasets.boxes import Box, coordinate
from fusion.errors import InputError
from fusion.storage import write_text

_LINE = "class x_centre y_centre width height"
_HIGHEST = 2  # above it, values are pixels, not fractions; clipping would silently lose every box of such a file


def read_yolo_txt(path: Path, classes: Sequence[str], size: tuple[int, int]) -> list[Box]:
    """Read the objects of one image.

    Args:
        path: the text file; centres and lengths are fractions of the image size. An empty file has no objects.
        classes: class names in the order of the class numbers, from 0.
        size: width and height of the image in pixels.

    Returns:
        The objects in the order of the file, in pixels; boxes are not clipped.

    Raises:
        InputError: the file is not UTF-8 text, or a line has the fields of neither a box nor an outline, a class number
            outside `classes`, or a value that is not finite or beyond 2; the message names file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as text ({error})") from error
    return [_box(line, classes, size, f"{path}: line {n}") for n, line in enumerate(lines, 1) if line.strip()]


def write_yolo_txt(path: Path, boxes: Iterable[Box], classes: Sequence[str], size: tuple[int, int]) -> None:
    """Write the objects of one image atomically; `read_yolo_txt` returns them within 1e-4 pixels.

    Args:
        path: the text file.
        boxes: the objects; without any, the file is empty.
        classes: class names in the order of the class numbers.
        size: width and height of the image in pixels.
    """
    lines = []
    for box in boxes:
        x1, y1, x2, y2 = (value / length for value, length in zip(box.xyxy, size * 2, strict=True))
        numbers = " ".join(f"{value:.9f}" for value in ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1))
        lines.append(f"{classes.index(box.class_name)} {numbers}\n")
    write_text(path, "".join(lines))


def _box(line: str, classes: Sequence[str], size: tuple[int, int], where: str) -> Box:
    fields = line.split()
    if len(fields) != 5 and (len(fields) < 7 or len(fields) % 2 == 0):
        raise InputError(f"{where}: found {len(fields)} fields, expected 5: {_LINE}; or the points of an outline")
    digits = fields[0].removesuffix(".0")
    try:
        number = int(digits) if digits.isdecimal() else -1
    except ValueError:  # more digits than Python converts
        number = -1
    if not 0 <= number < len(classes):
        expected = f"0..{len(classes) - 1} ({', '.join(classes)})"
        raise InputError(f"{where}: unknown class number (found {fields[0][:20]!r}, expected {expected})")
    try:
        values = [coordinate(field) for field in fields[1:]]
    except ValueError as error:
        raise InputError(f"{where}: {error} (expected finite numbers: {_LINE})") from error
    if max(map(abs, values)) > _HIGHEST:
        raise InputError(f"{where}: found {' '.join(fields[1:5])}, expected fractions of the image size, about 0..1")
    if len(values) > 4:
        xs, ys = ([value * side for value in values[axis::2]] for axis, side in enumerate(size))
        return Box(classes[number], (min(xs), min(ys), max(xs), max(ys)))
    x, y, width, height = values
    x, width, y, height = x * size[0], width * size[0], y * size[1], height * size[1]
    return Box(classes[number], (x - width / 2, y - height / 2, x + width / 2, y + height / 2))
