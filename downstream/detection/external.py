"""Read boxes that other code has predicted: COCO results, or one YOLO txt file with scores per image.

Every mistake is one error; nothing is left out or mended silently, so the scores are those of the whole file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from downstream.datasets import Box, DetectionData, LabelledPair, coordinate, without_class_lists
from downstream.detection.outputs import Prediction
from fusion.errors import InputError, first_few, unknown_name
from fusion.images import files_by_stem, scene_name
from fusion.storage import read_json

_OUTSIDE_PX = 1.0  # by which rounding may put a box over the border; it is clipped
_LONGEST_NUMBER = 9  # digits of a class number
_LINE = "class x_centre y_centre width height score"


def read_external_boxes(
    path: Path, data: DetectionData, annotations: Path | None = None, missing_is_empty: bool = False
) -> list[Prediction]:
    """Read the predictions for the test images of a data set; those for its other images are not needed.

    Args:
        path: a JSON file of COCO results, a list of {image_id, category_id, bbox: [left, top, width, height], score};
            or a folder with STEM.txt for every image, a line `class x_centre y_centre width height score` per box, in
            fractions of the image size, classes from 0.
        data: the data set. In a results file without `annotations`, an image id is a stem, a file name, or the number
            that the stem is; a category id is the number of a class from 1, or its name.
        annotations: the COCO file that lists the images and categories that the ids of a results file stand for.
        missing_is_empty: whether nothing was found in a test image without entry.

    Returns:
        The predictions in the order of the file or of the stems.

    Raises:
        InputError: a file cannot be read or has another form; an image or class is unknown; a test image is missing; a
            number is not finite, a score outside 0..1, or a box has a negative size or is more than a pixel outside its
            image; all boxes of a results file are in fractions; or the annotations have an id twice, or an image of
            another size.
    """
    items = {item.pair.stem: item for item in data.items}
    if path.is_dir():
        named, found = _from_folder(path, items, data.classes)
    else:
        named, found = _from_results(path, annotations, items, data.classes)
    tested = {item.pair.stem for item in data.of("test")}
    if (missing := sorted(tested - named)) and not missing_is_empty:
        raise InputError(
            f"{path}: {len(missing)} of {len(tested)} test images missing: {first_few(missing)} (expected boxes for "
            "every test image). Try: missing=empty if nothing was found there"
        )
    return [one for one in found if one.stem in tested]


def _from_results(
    path: Path, annotations: Path | None, items: Mapping[str, LabelledPair], classes: Sequence[str]
) -> tuple[set[str], list[Prediction]]:
    content = read_json(path)
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        raise InputError(f"{path}: not COCO results (expected a list of image_id, category_id, bbox and score)")
    if annotations:
        stems, names = _listed(annotations, items)
    else:
        counts = Counter(int(stem) for stem in items if stem.isdecimal())
        stems = {str(int(stem)): stem for stem in items if stem.isdecimal() and counts[int(stem)] == 1}
        names = {str(number): name for number, name in enumerate(classes, start=1)}
    found, named = [], set(stems.values()) & set(items) if annotations else set[str]()
    for number, one in enumerate(content, start=1):
        where = f"{path}: result {number}"
        for key in ("image_id", "category_id", "bbox", "score"):
            if key not in one:
                raise InputError(f"{where}: no {key!r} (expected image_id, category_id, bbox and score)")
        image, category = _id(one["image_id"]), _id(one["category_id"])
        stem = _first_known([stems.get(image), image, _stem(image)], items)
        if stem is None:
            raise _unknown_image(f"{where}: image_id {image:.80}", items)
        name = _first_known([names.get(category), category], classes)
        if name is None:
            error = unknown_name("class", names.get(category, category)[:80], classes)
            numbers = "" if annotations else f"; or a number from 1 to {len(classes)} in the order of data.classes"
            raise InputError(f"{where}: category_id {category:.80}: {error}{numbers}")
        named.add(stem)
        x, y, width, height = _numbers(one["bbox"], 4, f"{where}: bbox")
        found.append(_prediction(items[stem], name, (x, y, x + width, y + height), one["score"], where))
    if found and all(max(one.box.xyxy) <= 1 for one in found):
        raise InputError(f"{path}: boxes in fractions of the image (found none beyond 1, expected pixels)")
    return named, found


def _listed(path: Path, items: Mapping[str, LabelledPair]) -> tuple[dict[str, str], dict[str, str]]:
    """Read the stems and classes that a COCO file lists, by id, and check ids and image sizes."""
    content = read_json(path)
    stems, names = dict[str, str](), dict[str, str]()
    try:
        for image in content["images"]:
            stem = stems[_id(image["id"])] = _stem(str(image["file_name"]))
            if (item := items.get(stem)) and {"width", "height"} <= image.keys():
                found, expected = f"{image['width']}x{image['height']}", f"{item.width}x{item.height}"
                if found != expected:
                    raise InputError(f"{path}: image {stem}: wrong size (found {found:.40}, expected {expected})")
        names.update((_id(category["id"]), str(category["name"])) for category in content["categories"])
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not COCO annotations (expected images and categories with ids)") from error
    for kind, listed in (("images", stems), ("categories", names)):
        if len(listed) < len(content[kind]):
            raise InputError(f"{path}: an id stands for two {kind} (expected {len(content[kind])} different ids)")
    return stems, names


def _id(value: Any) -> str:
    """Return an id as text; tables write whole numbers as 4.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _first_known(candidates: Sequence[str | None], known: Container[str]) -> str | None:
    return next((one for one in candidates if one is not None and one in known), None)


def _unknown_image(where: str, items: Mapping[str, LabelledPair]) -> InputError:
    some = first_few(sorted(items))
    return InputError(f"{where}: not an image of the data set (expected one of its {len(items)}: {some})")


def _stem(name: str) -> str:
    return scene_name(PurePosixPath(name.replace("\\", "/")).stem)


def _from_folder(
    folder: Path, items: Mapping[str, LabelledPair], classes: Sequence[str]
) -> tuple[set[str], list[Prediction]]:
    files = without_class_lists(files_by_stem(folder, (".txt",), "text files"), items, classes)
    if unknown := sorted(set(files) - set(items)):
        raise _unknown_image(str(files[unknown[0]]), items)
    found = []
    for stem, path in sorted(files.items()):
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read as text ({error})") from error
        size = (items[stem].width, items[stem].height)
        for number, line in enumerate(lines, start=1):
            if line.strip():
                found.append(_of_line(line.split(), items[stem], classes, size, f"{path}: line {number}"))
    return set(files), found


def _of_line(
    fields: list[str], item: LabelledPair, classes: Sequence[str], size: tuple[int, int], where: str
) -> Prediction:
    if len(fields) != 6:
        raise InputError(f"{where}: found {len(fields)} fields, expected 6: {_LINE}")
    if not fields[0].isdecimal() or len(fields[0]) > _LONGEST_NUMBER or int(fields[0]) >= len(classes):
        expected = f"0..{len(classes) - 1} ({', '.join(classes)})"
        raise InputError(f"{where}: unknown class number (found {fields[0][:20]!r}, expected {expected})")
    x, y, width, height, score = _numbers(fields[1:], 5, where)
    x, width, y, height = x * size[0], width * size[0], y * size[1], height * size[1]
    xyxy = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return _prediction(item, classes[int(fields[0])], xyxy, score, where)


def _numbers(values: Any, count: int, where: str) -> list[float]:
    try:
        if not isinstance(values, list) or len(values) != count or not all(map(_is_number, values)):
            raise ValueError(f"found {values!r:.60}, expected {count} numbers")
        return [coordinate(value) for value in values]
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: {error}") from error


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def _prediction(
    item: LabelledPair, name: str, xyxy: tuple[float, float, float, float], score: Any, where: str
) -> Prediction:
    """Check score and box, and clip what rounding has put over the border."""
    (value,) = _numbers([score], 1, f"{where}: score")
    if not 0 <= value <= 1:
        raise InputError(f"{where}: score out of range (found {value:g}, expected 0..1)")
    x1, y1, x2, y2 = xyxy
    if x2 < x1 or y2 < y1:
        raise InputError(f"{where}: box of negative size (found {x2 - x1:g}x{y2 - y1:g} pixels)")
    if min(x1, y1) < -_OUTSIDE_PX or x2 > item.width + _OUTSIDE_PX or y2 > item.height + _OUTSIDE_PX:
        corners = ", ".join(f"{value:g}" for value in xyxy)
        raise InputError(
            f"{where}: box outside its image (found corners {corners} in {item.width}x{item.height} pixels). "
            "Try: coordinates of the original image, clipped to it"
        )
    clipped = (max(x1, 0.0), max(y1, 0.0), min(x2, float(item.width)), min(y2, float(item.height)))
    return Prediction(item.pair.stem, Box(name, clipped), value)
