from __future__ import annotations

from pathlib import Path

import pytest

from downstream.datasets.boxes import LabelFaults
from downstream.datasets.detection_data import DetectionData, LabelledPair
from downstream.datasets.folds import cut_folds
from downstream.datasets.segmentation_data import MaskedPair, SegmentationData
from fusion.errors import InputError
from fusion.images.pairs import Pair

STEMS = [f"{number:05d}" for number in range(100)]


def boxes(stems: list[str] = STEMS) -> DetectionData:
    items = tuple(LabelledPair(Pair(stem, Path("a"), Path("b")), 8, 8, "train", ()) for stem in stems)
    return DetectionData(("car",), items, LabelFaults(), "folders", 0.0)


def masks() -> SegmentationData:
    items = tuple(MaskedPair(Pair(s, Path("a"), Path("b")), 8, 8, "train", Path("c"), (64, 0)) for s in STEMS)
    return SegmentationData(("background", "car"), items, "folders", 0.0)


def stems_of(data: DetectionData | SegmentationData, split: str) -> list[str]:
    return [item.pair.stem for item in data.of(split)]


def test_every_pair_is_tested_once_by_networks_that_have_not_seen_it() -> None:
    table, *folds = cut_folds(boxes(), 5)
    assert stems_of(table, "test") == STEMS
    assert sorted(stem for fold in folds for stem in stems_of(fold, "test")) == STEMS
    assert all(sorted(stems_of(fold, "train") + stems_of(fold, "test")) == STEMS for fold in folds)
    assert [fold.split_name for fold in folds] == [f"fold {number} of 5" for number in range(1, 6)]
    assert table.split_name == "5 folds"


def test_validation_pairs_of_a_segmenter_come_from_the_training_pairs() -> None:
    for fold in cut_folds(masks(), 5)[1:]:
        assert [len(fold.of(split)) for split in ("train", "val", "test")] == [72, 8, 20]


def test_the_leakage_is_that_of_the_pairs_at_the_ends_of_runs() -> None:
    table, *_ = cut_folds(boxes(), 5)  # 10 runs of 10 frames; all but the first and the last frame have neighbours
    assert table.leakage == pytest.approx(18 / 100)
    assert cut_folds(boxes([f"a{number}b" for number in range(9)]), 3)[0].leakage is None


def test_named_groups_are_not_divided() -> None:
    _, *folds = cut_folds(boxes(), 2, r"^000\d")  # ten frames of each decade
    assert all(
        {stem[3] for stem in stems_of(f, "test")}.isdisjoint({s[3] for s in stems_of(f, "train")}) for f in folds
    )


def test_more_folds_than_pairs_are_refused() -> None:
    with pytest.raises(
        InputError, match=r"data\.folds=4: more folds than labelled pairs \(found 3\)\. Try: data\.folds=3"
    ):
        cut_folds(boxes(STEMS[:3]), 4)
