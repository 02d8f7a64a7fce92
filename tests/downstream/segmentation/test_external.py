"""Masks that other code has predicted: imported as they are, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from downstream.datasets.masks import read_mask, write_mask
from downstream.datasets.segmentation_data import MaskedPair, SegmentationData
from downstream.segmentation.external import import_external_masks
from fusion.errors import InputError
from fusion.images.pairs import Pair

CLASSES = ("background", "car")


def data() -> SegmentationData:
    items = tuple(
        MaskedPair(Pair(stem, Path(stem), Path(stem)), 6, 4, split, Path(stem), (20, 4))
        for stem, split in (("1", "test"), ("2", "test"), ("3", "train"))
    )
    return SegmentationData(CLASSES, items, "folders", None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for stem in ("1", "2", "3"):
        write_mask(tmp_path / "theirs" / f"{stem}.png", np.full((4, 6), int(stem) % 2, np.uint8))
    return tmp_path / "theirs"


def test_the_masks_of_the_test_images_are_imported(folder: Path, tmp_path: Path) -> None:
    import_external_masks(folder, data(), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["1.png", "2.png"]
    assert read_mask(tmp_path / "out" / "1.png", CLASSES).tolist() == [[1] * 6] * 4


@pytest.mark.parametrize(
    ("stem", "mask", "message"),
    [
        ("2", np.zeros((4, 5), np.uint8), r"2\.png: wrong size \(found 5x4, expected 6x4\)"),
        ("2", np.full((4, 6), 255, np.uint8), r"2\.png: pixels without class \(found 255"),
        ("2", np.full((4, 6), 2, np.uint8), r"2\.png: unknown classes \(found 2"),
        ("9", np.zeros((4, 6), np.uint8), r"9\.png: not an image of the data set \(expected one of its 3: 1, 2, 3\)"),
        ("2", None, r"theirs: 1 of 2 test images missing: 2"),
    ],
)
def test_a_wrong_mask_is_one_line(
    folder: Path, tmp_path: Path, stem: str, mask: np.ndarray | None, message: str
) -> None:
    (folder / f"{stem}.png").unlink(missing_ok=True)
    if mask is not None:
        write_mask(folder / f"{stem}.png", mask)
    with pytest.raises(InputError, match=message) as error:
        import_external_masks(folder, data(), tmp_path / "out")
    assert "\n" not in str(error.value)
