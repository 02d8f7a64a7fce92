"""A detection data set: image pairs, their boxes, and the train, val and test splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from downstream.datasets.boxes import Box, LabelFaults
from downstream.datasets.folders import divide_pairs, require_pairs
from downstream.datasets.image_files import pair_size
from downstream.datasets.label_transform import LabelTransform
from downstream.datasets.labels import read_labels, require_label_format
from downstream.datasets.splitting import SPLITS, neighbour_leakage
from fusion.errors import InputError
from fusion.images import Pair
from fusion.storage import read_json, write_json


@dataclass(frozen=True)
class LabelledPair:
    """A pair of images with its ground-truth boxes.

    Attributes:
        pair: the image files.
        width: of both images in pixels, as they are read.
        height: likewise.
        split: train, val or test.
        boxes: the objects, inside the image.
    """

    pair: Pair
    width: int
    height: int
    split: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class DetectionData:
    """A detection data set.

    Attributes:
        classes: class names; for YOLO labels in the order of the class numbers.
        items: all pairs of the splits, sorted by stem.
        faults: what was mended in the labels.
        split_name: how the pairs were divided.
        leakage: of the split, as `neighbour_leakage` returns it.
    """

    classes: tuple[str, ...]
    items: tuple[LabelledPair, ...]
    faults: LabelFaults
    split_name: str
    leakage: float | None

    def of(self, split: str) -> list[LabelledPair]:
        """Return the items of train, val or test, sorted by stem."""
        return [item for item in self.items if item.split == split]


def read_detection_data(
    root: Path, labels: str, classes: Sequence[str], split: str, seed: int, transform: LabelTransform | None = None
) -> DetectionData:
    """Read the labels and the image headers below `root`; no pixels are decoded.

    Args:
        root: contains one infrared, one visible and one label folder; for split `folders`, train, test and maybe val
            folders of that form instead.
        labels: `voc` or `yolo`, one file per image; or `coco`, one annotations.json instead of the label folder.
        classes: every class that occurs; for `yolo` in the order of the class numbers.
        split: `folders`, or a split of `assign_splits`. Pairs outside the split are left out, their labels unread.
        seed: of split `random`.
        transform: registers the pairs and their labels; None if they are registered.

    Raises:
        InputError: a folder or label is missing or invalid, sizes within a pair differ, train or test is empty, no
            label has a box, or a stem is in two folders.
    """
    require_label_format(labels)
    items: dict[str, LabelledPair] = {}
    faults = LabelFaults()
    registration = transform.registration if transform else None
    for folder in divide_pairs(root, split, seed, registration=registration):
        sizes = {pair.stem: pair_size(pair) for pair in folder.used}
        boxes, here = read_labels(folder.folder, labels, classes, folder.pairs, sizes, transform)
        faults += here
        for pair in folder.used:
            stem = pair.stem
            items[stem] = LabelledPair(pair, *sizes[stem], folder.split_of[stem], boxes[stem])
    by_split = {name: [stem for stem, item in items.items() if item.split == name] for name in SPLITS}
    require_pairs(root, split, by_split, "train", "test")
    if not any(item.boxes for item in items.values()):
        raise InputError(f"{root}: no box in any label (expected objects to train on). Try: another data.labels")
    ordered = tuple(items[stem] for stem in sorted(items))
    return DetectionData(tuple(classes), ordered, faults, split, neighbour_leakage(by_split))


def save_detection_data(path: Path, data: DetectionData) -> None:
    """Write `data` to a JSON file with absolute image paths, atomically."""
    items = [
        {
            **item.pair.to_json(),
            "width": item.width,
            "height": item.height,
            "split": item.split,
            "boxes": [_values(box) for box in item.boxes],
        }
        for item in data.items
    ]
    head = {"classes": data.classes, "split_name": data.split_name, "leakage": data.leakage}
    write_json(path, {**head, **asdict(data.faults), "items": items})


def _values(box: Box) -> list[Any]:
    return [box.class_name, *box.xyxy, *([box.ignore] if box.ignore else [])]


def load_detection_data(path: Path) -> DetectionData:
    """Read a file of `save_detection_data`.

    Raises:
        InputError: the file is missing or contains something else.
    """
    content = read_json(path)
    try:
        items = tuple(
            LabelledPair(
                Pair.from_json(item),
                *(item["width"], item["height"], item["split"]),
                tuple(Box(name, (x1, y1, x2, y2), *ignore) for name, x1, y1, x2, y2, *ignore in item["boxes"]),
            )
            for item in content["items"]
        )
        faults = LabelFaults(*(content.get(field.name, 0) for field in fields(LabelFaults)))
        return DetectionData(tuple(content["classes"]), items, faults, content["split_name"], content["leakage"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not a saved detection data set ({error!r})") from error
