from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from downstream.datasets.masks import read_mask, write_mask
from fusion.errors import InputError

CLASSES = ("background", "car", "person")
MASK = np.array([[0, 1, 2], [255, 0, 1]], np.uint8)


def test_a_written_mask_is_read_back(tmp_path: Path) -> None:
    write_mask(tmp_path / "new" / "a.png", MASK)
    mask = read_mask(tmp_path / "new" / "a.png", CLASSES)
    assert mask.dtype == np.uint8
    assert (mask == MASK).all()
    assert cv2.imread(str(tmp_path / "new" / "a.png"), cv2.IMREAD_UNCHANGED).shape == (2, 3)


def test_of_a_palette_image_the_indices_are_read(tmp_path: Path) -> None:
    image = Image.fromarray(MASK, "P")
    image.putpalette([0, 0, 0, 64, 0, 128, 64, 64, 0] + [9] * 3 * 253)
    image.save(tmp_path / "a.png")
    assert (read_mask(tmp_path / "a.png", CLASSES) == MASK).all()


def test_a_colour_coded_mask_is_refused_with_its_colours_and_the_classes(tmp_path: Path) -> None:
    colours = np.array([[0, 0, 0], [64, 0, 128], [64, 64, 0]], np.uint8)[np.minimum(MASK, 2)]
    Image.fromarray(colours, "RGB").save(tmp_path / "a.png")
    with pytest.raises(
        InputError, match=r"a\.png: a colour image \(found mode RGB with colours \(0, 0, 0\), .*\(64, 64, 0\)"
    ) as e:
        read_mask(tmp_path / "a.png", CLASSES)
    assert "0..2 (background, car, person) or 255" in str(e.value)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_unknown_class_numbers_are_refused_and_listed(tmp_path: Path, dtype: type) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.array([[0, 3, 7], [255, 9, 8]], dtype))
    with pytest.raises(
        InputError, match=r"a\.png: unknown classes \(found 3, 7, 8, \.\.\.; expected class numbers 0\.\.2"
    ):
        read_mask(tmp_path / "a.png", CLASSES)


@pytest.mark.parametrize("content", [None, b"", b"no image"])
def test_a_file_of_another_kind_is_reported(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png: cannot be decoded as a label image"):
        read_mask(tmp_path / "a.png", CLASSES)
