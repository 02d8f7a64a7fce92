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


DISPLAY = {"background": (0, 0, 0), "car": (64, 0, 128), "person": (64, 64, 0), "bump": (192, 64, 0)}  # of MSRS


@pytest.mark.parametrize("order", [("background", "car", "person"), ("person", "background", "car", "bump")])
def test_the_display_palette_decides_the_class_however_it_is_numbered(tmp_path: Path, order: tuple[str, ...]) -> None:
    indices = np.array([[order.index(CLASSES[number]) for number in row] for row in MASK % 255], np.uint8)
    image = Image.fromarray(indices, "P")
    image.putpalette([level for name in order for level in DISPLAY[name]])
    image.save(tmp_path / "a.png")
    assert (read_mask(tmp_path / "a.png", CLASSES) == MASK % 255).all()


def test_a_grey_palette_of_an_optimising_writer_holds_the_class_numbers(tmp_path: Path) -> None:
    classes = ("background", "car", "person", "bike", "curve", "car_stop", "guardrail", "color_cone", "bump")
    image = Image.fromarray(np.array([[0, 1], [2, 3]], np.uint8), "P")
    image.putpalette([0, 0, 0, 3, 3, 3, 8, 8, 8, 255, 255, 255])
    image.save(tmp_path / "a.png")
    assert read_mask(tmp_path / "a.png", classes).tolist() == [[0, 3], [8, 255]]


def test_a_short_palette_of_unknown_colours_is_refused(tmp_path: Path) -> None:
    image = Image.fromarray(MASK % 2, "P")
    image.putpalette([9, 8, 7, 200, 1, 2])
    image.save(tmp_path / "a.png")
    message = r"a\.png: unknown palette of 2 colours.*found \(9, 8, 7\), \(200, 1, 2\); expected the colours of MSRS"
    with pytest.raises(InputError, match=message):
        read_mask(tmp_path / "a.png", CLASSES)


def test_of_a_palette_with_a_colour_for_every_class_the_indices_are_read(tmp_path: Path) -> None:
    image = Image.fromarray(MASK, "P")
    image.putpalette([1, 2, 3, 9, 8, 7, 50, 60, 70] + [0] * 3 * 253)
    image.save(tmp_path / "a.png")
    assert (read_mask(tmp_path / "a.png", CLASSES) == MASK).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_equal_channels_hold_the_class_numbers_and_alpha_holds_none(tmp_path: Path, mode: str) -> None:
    Image.fromarray(MASK).convert(mode).save(tmp_path / "a.png")
    assert (read_mask(tmp_path / "a.png", CLASSES) == MASK).all()


def test_the_palette_of_voc_is_known(tmp_path: Path) -> None:
    colours = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 0], [224, 224, 192]], np.uint8)
    Image.fromarray(colours[np.minimum(MASK, 3)]).save(tmp_path / "a.png")
    assert (read_mask(tmp_path / "a.png", CLASSES) == MASK).all()


def test_other_levels_stand_for_the_classes_if_told_so(tmp_path: Path) -> None:
    write_mask(tmp_path / "a.png", np.array([[0, 255], [255, 0]], np.uint8))
    assert read_mask(tmp_path / "a.png", ("background", "road"), (0, 255)).tolist() == [[0, 1], [1, 0]]
    with pytest.raises(InputError, match=r"a\.png: unknown levels \(found 0; expected data\.mask_values 7, 9\)"):
        read_mask(tmp_path / "a.png", ("background", "road"), (7, 9))


def test_a_black_and_white_image_of_one_bit_holds_two_classes(tmp_path: Path) -> None:
    Image.fromarray(MASK == 1).save(tmp_path / "a.png")
    assert (read_mask(tmp_path / "a.png", CLASSES) == (MASK == 1)).all()


def test_a_colour_coded_mask_is_refused_with_its_colours_and_the_classes(tmp_path: Path) -> None:
    colours = np.array([[0, 0, 0], [64, 0, 129], [64, 64, 0]], np.uint8)[np.minimum(MASK, 2)]
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
