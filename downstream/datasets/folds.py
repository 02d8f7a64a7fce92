"""Folds: every labelled pair is tested once, by networks that have not seen it."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from downstream.datasets.detection_data import DetectionData
from downstream.datasets.groups import assign_folds
from downstream.datasets.segmentation_data import SegmentationData
from downstream.datasets.splitting import SPLITS, cut_validation, fold_leakage, neighbour_leakage

Data = TypeVar("Data", bound=DetectionData | SegmentationData)


def cut_folds(data: Data, folds: int, groups: str = "") -> list[Data]:
    """Cut the pairs of a data set, of all its splits, into folds.

    Args:
        data: the data set; a segmentation data set gets validation pairs in every fold, cut from its training pairs.
        folds: their number K.
        groups: pattern of `assign_folds`.

    Returns:
        K + 1 data sets: one in which every pair is a test pair, with the leakage of all folds; then for every fold
        the one in which its pairs are the test pairs, and all others are for training.

    Raises:
        InputError: as `assign_folds`.
    """
    stems = [item.pair.stem for item in data.items]
    fold_of = dict(zip(stems, assign_folds(stems, folds, groups), strict=True))
    parts: list[Data] = [_fold(data, fold_of, fold, f"fold {fold} of {folds}") for fold in range(1, folds + 1)]
    pooled = _with_splits(data, dict.fromkeys(stems, "test"), f"{folds} folds")
    leakage = fold_leakage([[stem for stem in stems if fold_of[stem] == fold] for fold in range(1, folds + 1)])
    return [replace(pooled, leakage=leakage), *parts]


def _fold(data: Data, fold_of: dict[str, int], fold: int, name: str) -> Data:
    split_of = {stem: "test" if of == fold else "train" for stem, of in fold_of.items()}
    if isinstance(data, SegmentationData):
        for stem in cut_validation([stem for stem, split in split_of.items() if split == "train"]):
            split_of[stem] = "val"
    return _with_splits(data, split_of, name)


def _with_splits(data: Data, split_of: dict[str, str], name: str) -> Data:
    by_split = {split: [stem for stem, of in split_of.items() if of == split] for split in SPLITS}
    items = tuple(replace(item, split=split_of[item.pair.stem]) for item in data.items)
    return replace(data, items=items, split_name=name, leakage=neighbour_leakage(by_split))  # type: ignore[arg-type]
