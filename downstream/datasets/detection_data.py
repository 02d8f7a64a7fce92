"""Read a detection data set: pairs of images, their boxes, and which of them train, validate and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from downstream.datasets.boxes import Box, LabelFaults
from downstream.datasets.folders import pair_size
from downstream.datasets.labels import read_labels, require_label_format
from downstream.datasets.pair_folders import divide_pairs, require_pairs
from downstream.datasets.splitting import SPLITS, neighbour_leakage
from fusion.errors import InputError
from fusion.images import Pair
from fusion.storage import read_json, write_json


@dataclass(frozen=True)
class LabelledPair:
    """A pair of images of `width` x `height` pixels, its split (train, val or test) and the objects in it."""

    pair: Pair
    width: int
    height: int
    split: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class DetectionData:
    """A data set with its split; `leakage` is what `neighbour_leakage` says of it."""

    classes: tuple[str, ...]
    items: tuple[LabelledPair, ...]
    faults: LabelFaults
    split_name: str
    leakage: float | None

    def of(self, split: str) -> list[LabelledPair]:
        """List the items of train, val or test, sorted by stem."""
        return [item for item in self.items if item.split == split]


def read_detection_data(root: Path, labels: str, classes: Sequence[str], split: str, seed: int) -> DetectionData:
    """Read the images' headers and all labels below `root`.

    Args:
        root: holds one infrared, one visible and one label folder, or train, test and maybe val folders of that form.
        labels: `voc` or `yolo`, one file per image; or `coco`, one annotations.json in the place of the label folder.
        classes: every class that occurs; for `yolo` in the order of the class numbers.
        split: `folders` for train and test folders, else what `assign_splits` takes. Pairs in no split are left out,
            their labels unread.
        seed: of split `random`.

    Raises:
        InputError: folders, stems, sizes, labels or the split are not as described, train or test is empty, or a stem
            stands in two folders.
    """
    require_label_format(labels)
    items: dict[str, LabelledPair] = {}
    faults = LabelFaults()
    for folder in divide_pairs(root, split, seed):
        sizes = {pair.stem: pair_size(pair) for pair in folder.used}
        boxes, here = read_labels(folder.folder, labels, classes, folder.pairs, sizes)
        faults += here
        for pair in folder.used:
            stem = pair.stem
            items[stem] = LabelledPair(pair, *sizes[stem], folder.split_of[stem], boxes[stem])
    by_split = {name: [stem for stem, item in items.items() if item.split == name] for name in SPLITS}
    require_pairs(root, split, by_split, "train", "test")
    ordered = tuple(items[stem] for stem in sorted(items))
    return DetectionData(tuple(classes), ordered, faults, split, neighbour_leakage(by_split))


def save_detection_data(path: Path, data: DetectionData) -> None:
    """Write `data` to a JSON file, image paths absolute."""
    items = [
        {
            "stem": item.pair.stem,
            "infrared": str(item.pair.infrared.absolute()),
            "visible": str(item.pair.visible.absolute()),
            "width": item.width,
            "height": item.height,
            "split": item.split,
            "boxes": [[box.class_name, *box.xyxy] for box in item.boxes],
        }
        for item in data.items
    ]
    head = {"classes": data.classes, "split_name": data.split_name, "leakage": data.leakage}
    write_json(path, {**head, "clipped": data.faults.clipped, "dropped": data.faults.dropped, "items": items})


def load_detection_data(path: Path) -> DetectionData:
    """Read what `save_detection_data` wrote.

    Raises:
        InputError: the file is missing or something else.
    """
    content = read_json(path)
    try:
        items = tuple(
            LabelledPair(
                Pair(item["stem"], Path(item["infrared"]), Path(item["visible"])),
                *(item["width"], item["height"], item["split"]),
                tuple(Box(name, (x1, y1, x2, y2)) for name, x1, y1, x2, y2 in item["boxes"]),
            )
            for item in content["items"]
        )
        faults = LabelFaults(content["clipped"], content["dropped"])
        return DetectionData(tuple(content["classes"]), items, faults, content["split_name"], content["leakage"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not a saved detection data set ({error!r})") from error
