"""Signs of images and labels that were meant otherwise."""

import cv2
import numpy as np
import pytest

from downstream.datasets import label_warnings
from downstream.datasets.boxes import LabelFaults
from downstream.datasets.plausibility import LabelCounts, image_warnings, look_at
from fusion.images.pairs import Pair

TEXTURE = np.random.default_rng(0).integers(30, 220, (20, 30), np.uint8)
COLOURS = np.dstack([TEXTURE, TEXTURE // 2, 255 - TEXTURE])
FLAT, DARK = np.full((20, 30), 90, np.uint8), (TEXTURE.astype(np.uint16) * 2)  # 9 bits in a file of 16


@pytest.mark.parametrize(
    ("infrared", "visible", "expected"),
    [
        (TEXTURE, COLOURS, []),
        (TEXTURE, TEXTURE, ["pairs show the same image twice"]),
        (FLAT, COLOURS, ["infrared images span fewer than 4 grey levels"]),
        (TEXTURE, DARK, ["visible images span fewer than 4 grey levels", "visible images are to a quarter black or"]),
        (np.where(TEXTURE > 100, 255, TEXTURE), COLOURS, ["infrared images are to a quarter black or white"]),
        (COLOURS, TEXTURE, ["infrared images have colours"]),
    ],
    ids=["plain", "same", "flat", "dark", "saturated", "coloured"],
)
def test_odd_images_are_told_with_their_number(tmp_path, infrared, visible, expected):
    pair = Pair("a", tmp_path / "ir.png", tmp_path / "vi.png")
    assert cv2.imwrite(str(pair.infrared), infrared)
    assert cv2.imwrite(str(pair.visible), visible)
    found = image_warnings({"a": look_at(*pair.read(), pair.infrared)})
    assert len(found) == len(expected)
    for line, part in zip(found, expected, strict=True):
        assert line.startswith(f"1 of 1 {part}")
        assert "(a): " in line


def test_odd_labels_are_told_with_their_number():
    counts = [
        LabelCounts({"car": 3}, tiny=2, faults=LabelFaults(repeated=3, dropped=1, clipped=2)),
        LabelCounts({"car": 4}, unknown=60),
    ]
    assert label_warnings(counts, 200, ["car", "bus"]) == [
        "3 boxes are there twice and left out",
        "1 boxes have no area in their image and are left out",
        "2 boxes reach beyond their image and are clipped",
        "2 of 7 boxes have a side below 3 pixels",
        "30% of all pixels have no class",
        "no label shows bus",
    ]
    assert label_warnings([LabelCounts({"car": 3})], 200, ["car"]) == []
