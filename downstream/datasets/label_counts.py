"""What the labels of a folder hold: true boxes or pixels of every class, one image at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from downstream.datasets.boxes import Box
from downstream.datasets.checks import Counts, LabelFiles
from downstream.datasets.coco import read_coco
from downstream.datasets.folders import find_label_folder, find_mask_folder, find_pair_folders, image_size
from downstream.datasets.labels import COCO_FILE, READERS, require_label_format
from downstream.datasets.masks import IGNORED, MASK_SUFFIXES, read_mask
from fusion.errors import InputError
from fusion.images import files_by_stem, images_by_stem


def box_labels(folder: Path, label_format: str, classes: Sequence[str]) -> LabelFiles:
    """Give the boxes of one folder.

    Args:
        folder: holds the images and the label folder, or annotations.json.
        label_format: `voc`, `yolo` or `coco`.
        classes: names an object may have; for `yolo` in the order of the class numbers.

    Raises:
        InputError: the format is unknown, there are no labels, or annotations.json is faulty.
    """
    require_label_format(label_format)
    if label_format == "coco":
        source = folder / COCO_FILE
        visible = images_by_stem(find_pair_folders(folder)[1])
        found = read_coco(source, classes, {stem: image_size(path) for stem, path in visible.items()})
        return LabelFiles(source, found, lambda stem, _: _count(found[stem]))
    suffix, read = READERS[label_format]
    label_dir = find_label_folder(folder)
    files = files_by_stem(label_dir, (suffix,), "labels")
    return LabelFiles(label_dir, files, lambda stem, size: _count(read(files[stem], classes, size)))


def mask_labels(folder: Path, classes: Sequence[str], name: str = "") -> LabelFiles:
    """Give the label masks of one folder; `name` is that of the folder of masks, where it is none of the usual ones.

    Raises:
        InputError: there are no masks.
    """
    mask_dir = find_mask_folder(folder, name)
    files = files_by_stem(mask_dir, MASK_SUFFIXES, "label masks")

    def count(stem: str, size: tuple[int, int]) -> Counts:
        mask = read_mask(files[stem], classes)
        if mask.shape[::-1] != size:
            raise InputError(f"{files[stem]}: {mask.shape[1]}x{mask.shape[0]}; its images are {size[0]}x{size[1]}")
        counts = np.bincount(mask[mask != IGNORED], minlength=len(classes)).tolist()
        return dict(zip(classes, counts, strict=True))

    return LabelFiles(mask_dir, files, count)


def _count(boxes: Sequence[Box]) -> Counts:
    return Counter(box.class_name for box in boxes)
