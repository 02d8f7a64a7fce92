"""A segmentation data set: image pairs, their label masks, and the train, val and test splits."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from downstream.datasets.folders import divide_pairs, find_mask_folder, require_pairs
from downstream.datasets.image_files import pair_size
from downstream.datasets.label_transform import LabelTransform
from downstream.datasets.masks import MASK_SUFFIXES, read_mask, write_mask
from downstream.datasets.palettes import IGNORED
from downstream.datasets.splitting import SPLITS, cut_validation, neighbour_leakage
from fusion.errors import InputError
from fusion.images import Pair, files_by_stem, require_same_stems
from fusion.storage import read_json, write_json

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MaskedPair:
    """A pair of images with its label mask.

    Attributes:
        pair: the image files.
        width: of both images and the mask in pixels, as they are read.
        height: likewise.
        split: train, val or test.
        mask: the mask file.
        pixels: pixels per class, in the order of the class numbers.
        values: the grey level of every class in the mask, as for `read_mask`.
    """

    pair: Pair
    width: int
    height: int
    split: str
    mask: Path
    pixels: tuple[int, ...]
    values: tuple[int, ...] = ()


@dataclass(frozen=True)
class RegisteredMasks:
    """How masks are brought into the registered images, and the folder into which they are written as class numbers."""

    transform: LabelTransform
    folder: Path


@dataclass(frozen=True)
class SegmentationData:
    """A segmentation data set.

    Attributes:
        classes: class names in the order of the class numbers; the first is the background.
        items: all pairs of the splits, sorted by stem.
        split_name: how the pairs were divided.
        leakage: of the split, as `neighbour_leakage` returns it.
    """

    classes: tuple[str, ...]
    items: tuple[MaskedPair, ...]
    split_name: str
    leakage: float | None

    def of(self, split: str) -> list[MaskedPair]:
        """Return the items of train, val or test, sorted by stem."""
        return [item for item in self.items if item.split == split]

    def pixels(self, split: str) -> dict[str, int]:
        """Count the pixels of each class in train, val or test."""
        return {name: sum(item.pixels[k] for item in self.of(split)) for k, name in enumerate(self.classes)}


def read_segmentation_data(
    root: Path,
    classes: Sequence[str],
    split: str,
    seed: int,
    masks: str = "",
    values: Sequence[int] = (),
    registered: RegisteredMasks | None = None,
) -> SegmentationData:
    """Read the masks and the image headers below `root`.

    Without a val split, `cut_validation` holds out some training images for validation.

    Args:
        root: contains one infrared, one visible and one mask folder; for split `folders`, train, test and maybe val
            folders of that form instead.
        classes: class names in the order of the class numbers; the first is the background.
        split: `folders`, or a split of `assign_splits`. Pairs outside the split are left out, their masks unread.
        seed: of split `random`.
        masks: name of the folder of masks, if it is not a usual one such as Segmentation_labels or masks.
        values: the grey level of every class in the masks, as for `read_mask`.
        registered: how pairs and masks are registered; None if they show the same as they are.

    Raises:
        InputError: a folder or mask is missing or invalid, sizes within a pair or of its mask differ, the masks show a
            single class, train or test is empty, or a stem is in two folders.
    """
    registration = registered.transform.registration if registered else None
    folders = divide_pairs(root, split, seed, registration=registration)
    by_split = {
        name: [stem for folder in folders for stem, of in folder.split_of.items() if of == name] for name in SPLITS
    }
    require_pairs(root, split, by_split, "train", "test")
    if not by_split["val"]:
        by_split["val"] = sorted(cut_validation(by_split["train"]))
    split_of = {stem: name for name in SPLITS for stem in by_split[name]}  # "val" comes after "train" and wins
    items: list[MaskedPair] = []
    for folder in folders:
        mask_dir = find_mask_folder(folder.folder, masks)
        files = files_by_stem(mask_dir, MASK_SUFFIXES, "label masks")
        require_same_stems([pair.stem for pair in folder.pairs], folder.pairs[0].visible.parent, files, mask_dir)
        with tqdm(folder.used, desc=f"read masks of {folder.folder.name}", unit="image") as used:
            items.extend(
                _masked_pair(pair, files[pair.stem], split_of[pair.stem], classes, tuple(values), registered)
                for pair in used
            )
    of_kind = {name: [item.pair.stem for item in items if item.split == name] for name in SPLITS}
    ordered = tuple(sorted(items, key=lambda item: item.pair.stem))
    _require_classes(root, ordered, classes)
    return SegmentationData(tuple(classes), ordered, split, neighbour_leakage(of_kind))


def _require_classes(root: Path, items: Sequence[MaskedPair], classes: Sequence[str]) -> None:
    """Check that the masks show at least two classes, and warn of those that they do not show."""
    shown = np.sum([item.pixels for item in items], axis=0)
    if fault := lone_class(root, dict(zip(classes, shown.tolist(), strict=True))):
        raise InputError(fault)
    if absent := [name for name, count in zip(classes, shown, strict=True) if not count]:
        log.warning("%s: no mask has a pixel of %s", root, ", ".join(absent))


def lone_class(root: Path, pixels: Mapping[str, int]) -> str:
    """Describe what is wrong with masks that show fewer than two classes, from the pixels of each; "" if nothing is."""
    shown = [name for name, count in pixels.items() if count]
    if len(shown) > 1:
        return ""
    found = f"only {shown[0]}" if shown else "no class"
    return (
        f"{root}: the masks show {found}, all else is {IGNORED}, unknown (expected two classes or more). "
        f"Try: data.classes=background,NAME data.mask_values=[0,{IGNORED}] if {IGNORED} is a class"
    )


def _masked_pair(
    pair: Pair,
    path: Path,
    split: str,
    classes: Sequence[str],
    values: tuple[int, ...],
    registered: RegisteredMasks | None,
) -> MaskedPair:
    size, mask = pair_size(pair), read_mask(path, classes, values)
    drawn_on = registered.transform.size if registered else size
    if mask.shape[::-1] != drawn_on:
        found, expected = f"{mask.shape[1]}x{mask.shape[0]}", f"{drawn_on[0]}x{drawn_on[1]}"
        raise InputError(f"{path}: size differs from its images (found {found}, expected {expected})")
    if registered:
        mask, path, values = registered.transform.mask(mask), registered.folder / f"{pair.stem}.png", ()
        write_mask(path, mask)
    counts = np.bincount(mask[mask != IGNORED], minlength=len(classes))
    return MaskedPair(pair, *size, split, path, tuple(counts.tolist()), values)


def save_segmentation_data(path: Path, data: SegmentationData) -> None:
    """Write `data` to a JSON file, atomically.

    Paths are absolute, except those of registered masks: they are relative to the file, and move with its folder.
    """

    def place(item: MaskedPair) -> str:
        return os.path.relpath(item.mask, path.parent) if item.pair.registration else str(item.mask.absolute())

    items = [
        {
            **item.pair.to_json(),
            "width": item.width,
            "height": item.height,
            "split": item.split,
            "mask": place(item),
            "pixels": item.pixels,
            "values": item.values,
        }
        for item in data.items
    ]
    head = {"classes": data.classes, "split_name": data.split_name, "leakage": data.leakage}
    write_json(path, {**head, "items": items})


def load_segmentation_data(path: Path) -> SegmentationData:
    """Read a file of `save_segmentation_data`.

    Raises:
        InputError: the file is missing or contains something else.
    """
    content = read_json(path)
    try:
        items = tuple(
            MaskedPair(
                Pair.from_json(item),
                *(item["width"], item["height"], item["split"]),
                path.parent / item["mask"],
                tuple(item["pixels"]),
                tuple(item.get("values", ())),
            )
            for item in content["items"]
        )
        return SegmentationData(tuple(content["classes"]), items, content["split_name"], content["leakage"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not a saved segmentation data set ({error!r})") from error
