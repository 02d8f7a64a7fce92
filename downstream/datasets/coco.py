"""Read COCO labels: one JSON file for all images, boxes as left, top, width, height in pixels."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from downstream.datasets.boxes import Box, coordinate, require_class
from fusion.errors import InputError
from fusion.images import scene_name
from fusion.storage import read_json


def read_coco(path: Path, classes: Collection[str], sizes: Mapping[str, tuple[int, int]]) -> dict[str, list[Box]]:
    """Read the objects of all images that the file lists; those with iscrowd or ignore are to be ignored.

    Args:
        path: the JSON file; it may list categories without objects.
        classes: the known category names.
        sizes: width and height in pixels by stem, compared where the file states a size; other stems are not checked.

    Returns:
        The boxes by image stem, in the order of the file; not clipped.

    Raises:
        InputError: the file is not COCO, a key is missing, an image id or stem is repeated, an id is unknown, a box is
            not four finite numbers, a category is not one of `classes`, or a stated size differs from `sizes`.
    """
    content = read_json(path)
    stems: dict[str, str] = {}
    boxes: dict[str, list[Box]] = {}
    for image in _records(path, content, "images"):
        number, name = (str(_field(path, "image", image, key)) for key in ("id", "file_name"))
        stem = scene_name(PurePosixPath(name.replace("\\", "/")).stem)
        if number in stems:
            raise InputError(f"{path}: image id {image['id']!r} is repeated (expected unique ids)")
        if stem in boxes:
            raise InputError(f"{path}: image {name!r}: stem {stem!r} is repeated (expected unique stems)")
        _require_size(path, image, sizes.get(stem))
        stems[number], boxes[stem] = stem, []
    names = {
        str(_field(path, "category", category, "id")): str(_field(path, "category", category, "name"))
        for category in _records(path, content, "categories")
    }
    for item in _records(path, content, "annotations"):
        crowd = bool(item.get("iscrowd"))
        if crowd and item.get("bbox") is None:  # an outline alone
            continue
        image_id, category_id = (str(_field(path, "annotation", item, key)) for key in ("image_id", "category_id"))
        where = f"{path}: annotation {item.get('id')!r}"
        if image_id not in stems or category_id not in names:
            key = "image_id" if image_id not in stems else "category_id"
            raise InputError(f"{where}: unknown {key} {item[key]!r} (expected one that the file lists)")
        require_class(names[category_id], classes, where)
        xyxy = _corners(_field(path, "annotation", item, "bbox"), where)
        ignore = "crowd" if crowd else "difficult" if item.get("ignore") else ""
        boxes[stems[image_id]].append(Box(names[category_id], xyxy, ignore))
    return boxes


def _records(path: Path, content: Any, key: str) -> list[dict[str, Any]]:
    records = content.get(key) if isinstance(content, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise InputError(f"{path}: no list {key!r} (expected a COCO file with images, categories and annotations)")
    return records


def _field(path: Path, kind: str, record: dict[str, Any], key: str) -> Any:
    value = record.get(key)
    if value is None:
        raise InputError(f"{path}: {kind} {record.get('id')!r}: no {key!r} (expected one in every {kind})")
    return value


def _require_size(path: Path, image: dict[str, Any], size: tuple[int, int] | None) -> None:
    stated = (image.get("width"), image.get("height"))
    if size is not None and None not in stated and stated != size:
        raise InputError(
            f"{path}: stated size of {image['file_name']!r} differs from the image "
            f"(found {stated[0]!r}x{stated[1]!r}, expected {size[0]}x{size[1]})"
        )


def _corners(bbox: Any, where: str) -> tuple[float, float, float, float]:
    try:
        if not isinstance(bbox, list):
            raise TypeError("not a list")
        x, y, width, height = (coordinate(value) for value in bbox)
        return (x, y, coordinate(x + width), coordinate(y + height))
    except (TypeError, ValueError) as error:
        expected = "four finite numbers: left, top, width, height"
        raise InputError(f"{where}: invalid bbox (found {bbox!r:.80}, expected {expected})") from error
