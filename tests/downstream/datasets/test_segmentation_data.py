from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from downstream.datasets.segmentation_data import load_segmentation_data, read_segmentation_data, save_segmentation_data
from fusion.errors import InputError

CLASSES = ("background", "car", "person")
TRAIN = [f"{number:05d}{'DN'[number % 2]}" for number in range(20)]


def make_folder(folder: Path, stems: list[str], masks: str = "Segmentation_labels") -> Path:
    """Write grey 12x8 pairs; in every mask two pixels are car, one is person and one is ignored."""
    mask = np.zeros((8, 12), np.uint8)
    mask[0, :4] = (1, 1, 2, 255)
    for name in ("vi", "ir", masks):
        (folder / name).mkdir(parents=True)
        for stem in stems:
            cv2.imwrite(str(folder / name / f"{stem}.png"), mask if name == masks else np.full((8, 12), 90, np.uint8))
    return folder


@pytest.fixture
def msrs(tmp_path: Path) -> Path:
    make_folder(tmp_path / "train", TRAIN)
    make_folder(tmp_path / "test", ["01000D", "01001N"])
    return tmp_path


def test_the_layout_of_msrs_is_read_and_some_training_images_are_held_out_for_validation(msrs: Path) -> None:
    data = read_segmentation_data(msrs, CLASSES, "folders", 0)
    assert [len(data.of(split)) for split in ("train", "val", "test")] == [18, 2, 2]
    assert {item.pair.stem for item in data.of("train") + data.of("val")} == set(TRAIN)
    first = data.of("test")[0]
    assert (first.width, first.height, first.pixels) == (12, 8, (92, 2, 1))
    assert first.mask == msrs / "test" / "Segmentation_labels" / "01000D.png"
    assert data.pixels("test") == {"background": 184, "car": 4, "person": 2}
    assert data.leakage == 0.0
    assert data == read_segmentation_data(msrs, CLASSES, "folders", 1)


def test_a_val_folder_is_used(msrs: Path) -> None:
    make_folder(msrs / "val", ["00500D"])
    data = read_segmentation_data(msrs, CLASSES, "folders", 0)
    assert [item.pair.stem for item in data.of("val")] == ["00500D"]
    assert len(data.of("train")) == 20


def test_one_folder_can_be_split_at_random_and_its_masks_can_have_any_name(tmp_path: Path) -> None:
    make_folder(tmp_path, TRAIN, masks="Label")
    data = read_segmentation_data(tmp_path, CLASSES, "random", 3, masks="label")
    assert [len(data.of(split)) for split in ("train", "val", "test")] == [16, 2, 2]


def test_saved_data_are_loaded_as_they_were(msrs: Path, tmp_path: Path) -> None:
    data = read_segmentation_data(msrs, CLASSES, "folders", 0)
    save_segmentation_data(tmp_path / "data.json", data)
    assert load_segmentation_data(tmp_path / "data.json") == data


@pytest.mark.parametrize("content", ["[]", '{"items": []}', '{"items": [{"stem": "a"}]}'])
def test_another_json_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "data.json").write_text(content)
    with pytest.raises(InputError, match=r"data.json: not a saved segmentation data set"):
        load_segmentation_data(tmp_path / "data.json")


@pytest.mark.parametrize(
    ("spoil", "parts"),
    [
        (lambda root: (root / "train" / "Segmentation_labels" / "00003N.png").unlink(), ["00003N", "1 of 20 stems"]),
        (lambda root: (root / "test" / "Segmentation_labels").rename(root / "test" / "gt"), ["folder of label masks"]),
        (
            lambda root: cv2.imwrite(
                str(root / "train" / "Segmentation_labels" / "00003N.png"), np.zeros((8, 10), np.uint8)
            ),
            ["00003N.png: size differs from", "found 10x8, expected 12x8"],
        ),
        (
            lambda root: cv2.imwrite(
                str(root / "test" / "Segmentation_labels" / "01000D.png"), np.full((8, 12), 3, np.uint8)
            ),
            ["01000D.png: unknown classes (found 3;", "0..2 (background, car, person)"],
        ),
    ],
)
def test_a_mistake_in_the_folders_is_reported(msrs: Path, spoil, parts) -> None:
    spoil(msrs)
    with pytest.raises(InputError) as error:
        read_segmentation_data(msrs, CLASSES, "folders", 0)
    assert all(part in str(error.value) for part in parts), error.value


def test_a_single_training_image_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path / "train", ["00001D"])
    make_folder(tmp_path / "test", ["00002D"])
    with pytest.raises(InputError, match="found 1 training images, expected at least 2"):
        read_segmentation_data(tmp_path, CLASSES, "folders", 0)


def test_masks_of_0_and_255_are_refused_with_the_setting_that_reads_them(msrs: Path) -> None:
    for path in msrs.glob("*/Segmentation_labels/*.png"):
        cv2.imwrite(str(path), np.eye(8, 12, dtype=np.uint8) * 255)
    message = r"the masks show only background, .* 255, unknown .*Try: data\.classes=.* data\.mask_values=\[0,255\]"
    with pytest.raises(InputError, match=message):
        read_segmentation_data(msrs, CLASSES, "folders", 0)
    data = read_segmentation_data(msrs, ("background", "road"), "folders", 0, values=(0, 255))
    assert data.of("test")[0].pixels == (88, 8)
    save_segmentation_data(msrs / "data.json", data)
    assert load_segmentation_data(msrs / "data.json") == data


def test_classes_that_no_mask_shows_are_named(msrs: Path, caplog: pytest.LogCaptureFixture) -> None:
    read_segmentation_data(msrs, (*CLASSES, "bike", "bump"), "folders", 0)
    assert caplog.messages == [f"{msrs}: no mask has a pixel of bike, bump"]
