"""Read COCO labels: one JSON file for all images, categories by name, boxes as left, top, width, height in pixels."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from downstream.datasets.boxes import Box, coordinate, require_class
from fusion.errors import InputError
from fusion.storage import read_json


def read_coco(path: Path, classes: Collection[str], sizes: Mapping[str, tuple[int, int]]) -> dict[str, list[Box]]:
    """Map the stem of every image the file lists to its objects; crowd annotations are left out.

    Args:
        path: the JSON file; it may list categories that no object has.
        classes: names the category of an object may have.
        sizes: width and height by stem, compared where the file states a size; other stems are not checked.

    Raises:
        InputError: not COCO, a key is missing, an id or stem stands twice or is unknown, a box is not four finite
            numbers, a category is none of `classes`, or a stated size differs from `sizes`.
    """
    content = read_json(path)
    stems: dict[str, str] = {}
    boxes: dict[str, list[Box]] = {}
    for image in _records(path, content, "images"):
        number, name = (str(_field(path, "image", image, key)) for key in ("id", "file_name"))
        stem = PurePosixPath(name.replace("\\", "/")).stem
        if number in stems or stem in boxes:
            raise InputError(f"{path}: image {number} ({name}) stands twice; expected one id and one stem per image")
        _require_size(path, image, sizes.get(stem))
        stems[number], boxes[stem] = stem, []
    names = {
        str(_field(path, "category", category, "id")): str(_field(path, "category", category, "name"))
        for category in _records(path, content, "categories")
    }
    for item in _records(path, content, "annotations"):
        if item.get("iscrowd"):
            continue
        image_id, category_id = (str(_field(path, "annotation", item, key)) for key in ("image_id", "category_id"))
        where = f"{path}: annotation {item.get('id')}"
        if image_id not in stems or category_id not in names:
            kind, number = ("image", image_id) if image_id not in stems else ("category", category_id)
            raise InputError(f"{where}: {kind} id {number}; expected one that the file lists")
        require_class(names[category_id], classes, where)
        xyxy = _corners(_field(path, "annotation", item, "bbox"), where)
        boxes[stems[image_id]].append(Box(names[category_id], xyxy))
    return boxes


def _records(path: Path, content: Any, key: str) -> list[dict[str, Any]]:
    records = content.get(key) if isinstance(content, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise InputError(f"{path}: no list {key!r}; expected a COCO file with images, categories and annotations")
    return records


def _field(path: Path, kind: str, record: dict[str, Any], key: str) -> Any:
    value = record.get(key)
    if value is None:
        raise InputError(f"{path}: {kind} {record.get('id')}: no {key!r}; expected one in every {kind}")
    return value


def _require_size(path: Path, image: dict[str, Any], size: tuple[int, int] | None) -> None:
    stated = (image.get("width"), image.get("height"))
    if size is not None and None not in stated and stated != size:
        name = image["file_name"]
        raise InputError(f"{path}: {name} is stated as {stated[0]}x{stated[1]}, but the image is {size[0]}x{size[1]}")


def _corners(bbox: Any, where: str) -> tuple[float, float, float, float]:
    try:
        x, y, width, height = (coordinate(value) for value in bbox)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: bbox is {bbox}; expected four finite numbers: left, top, width, height") from error
    return (x, y, x + width, y + height)
