"""Boxes and masks, drawn on the images of either camera, in the frame of a registration."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from downstream.datasets import (
    LabelTransform,
    RegisteredMasks,
    load_segmentation_data,
    read_detection_data,
    read_mask,
    read_segmentation_data,
    save_segmentation_data,
)
from downstream.datasets.boxes import Box
from downstream.datasets.inspection import Findings, LabelFiles, box_labels, inspect_folder, mask_labels
from fusion.errors import InputError
from fusion.registration import Registration, warp_mask
from fusion.registration.geometry import scaling
from tests.downstream.datasets.labelled_scenes import CLASSES, SIZE, make_folder, write_blank
from tests.made_rigs import HOMOGRAPHY, rig

MASK_CLASSES = ("background", "car", "person")
DOUBLED = scaling(2, 2)
OF_VISIBLE = rig(DOUBLED, (20, 15), visible_size=SIZE, frame=(5, 4, 30, 20))  # the labels of labelled_scenes fit either
OF_INFRARED = rig(DOUBLED, SIZE, visible_size=(80, 60), frame=(10, 8, 60, 40))
EXPECTED = {  # worked out by hand from the objects of labelled_scenes
    "visible": [("Car", (0, 2, 9, 17)), ("People", (15.5, 0, 21, 20))],
    "infrared": [("Car", (0, 4, 18, 34)), ("People", (31, 0, 42, 40))],
}
CAMERAS = ("visible", "infrared")


def transform(camera: str) -> LabelTransform:
    return LabelTransform(OF_VISIBLE if camera == "visible" else OF_INFRARED, camera)


def make_rig_folder(root: Path, stems: list[str], label_format: str, registration: Registration) -> Path:
    """Write the labels of `labelled_scenes` beside images of the sizes of a registration."""
    make_folder(root, stems, label_format)
    for stem in stems:
        write_blank(root / "Ir" / f"{stem}.png", registration.infrared_size)
        write_blank(root / "Vis" / f"{stem}.png", registration.visible_size)
    return root


def test_edges_of_infrared_boxes_land_on_edges_of_visible_pixels() -> None:
    whole = LabelTransform(rig(DOUBLED, SIZE, visible_size=(80, 60), frame=(0, 0, 80, 60)), "infrared")
    kept, outside = whole.boxes([Box("Car", (0, 0, 40, 30)), Box("Bus", (1, 2, 3.5, 4), "crowd")])
    assert kept == [Box("Car", (0, 0, 80, 60)), Box("Bus", (2, 4, 7, 8), "crowd")]
    assert outside == 0


@pytest.mark.parametrize("corners", [(10, 12, 41, 30), (50, 40, 71, 60)])
def test_an_infrared_box_becomes_the_box_around_what_it_shows(corners: tuple[int, int, int, int]) -> None:
    registration = rig(HOMOGRAPHY, frame=(0, 0, 160, 128))
    painted = np.zeros((64, 80), np.uint8)
    painted[corners[1] : corners[3], corners[0] : corners[2]] = 1
    rows, columns = np.nonzero(warp_mask(registration, painted, 0))
    shown = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    kept, _ = LabelTransform(registration, "infrared").boxes([Box("Car", corners)])
    assert kept[0].xyxy == pytest.approx(shown, abs=1)
    assert np.abs(np.subtract(kept[0].xyxy, shown)).mean() < 0.6


def test_boxes_of_which_less_than_a_pixel_is_in_the_frame_are_dropped_and_counted() -> None:
    visible = LabelTransform(OF_VISIBLE)  # its frame reaches from 5, 4 to 35, 24
    boxes = [(0, 5, 5.5, 20), (0, 5, 6, 20), (10, 0, 20, 4.9), (34.5, 10, 40, 20), (36, 10, 40, 20)]
    kept, outside = visible.boxes([Box("Car", corners) for corners in boxes])
    assert [box.xyxy for box in kept] == [(0, 1, 1, 16)]
    assert outside == 4


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("label_format", ["voc", "yolo", "coco"])
def test_labels_of_every_format_are_read_in_the_size_of_the_camera_they_were_drawn_on(
    tmp_path: Path, label_format: str, camera: str
) -> None:
    with_labels = transform(camera)
    make_rig_folder(tmp_path, ["1", "2", "3"], label_format, with_labels.registration)
    data = read_detection_data(tmp_path, label_format, CLASSES, "random", 0, with_labels)
    for item in data.items:
        assert (item.width, item.height) == with_labels.registration.size
        assert item.pair.registration == with_labels.registration
        assert [box.class_name for box in item.boxes] == [name for name, _ in EXPECTED[camera]]
        for box, (_, corners) in zip(item.boxes, EXPECTED[camera], strict=True):
            assert box.xyxy == pytest.approx(corners, abs=1e-4)
    assert (data.faults.clipped, data.faults.outside) == (0, 0)


def test_a_size_that_labels_state_is_that_of_the_camera_they_were_drawn_on(tmp_path: Path) -> None:
    make_rig_folder(tmp_path, ["1", "2", "3"], "voc", OF_INFRARED)
    with pytest.raises(InputError, match=r"<size> differs from the image \(found 40x30, expected 80x60\)"):
        read_detection_data(tmp_path, "voc", CLASSES, "random", 0, LabelTransform(OF_INFRARED, "visible"))


def test_boxes_that_are_lost_to_the_frame_are_counted_over_all_images(tmp_path: Path) -> None:
    make_rig_folder(tmp_path, ["1", "2", "3"], "voc", OF_VISIBLE)
    narrow = rig(DOUBLED, (20, 15), visible_size=SIZE, frame=(16, 4, 20, 20))  # right of the car
    data = read_detection_data(tmp_path, "voc", CLASSES, "random", 0, LabelTransform(narrow))
    assert [box.class_name for item in data.items for box in item.boxes] == ["People"] * 3
    assert (data.faults.outside, data.faults.clipped, data.faults.dropped) == (3, 0, 0)


@pytest.mark.parametrize("label_format", ["voc", "yolo", "coco"])
def test_a_check_finds_the_same_boxes(tmp_path: Path, label_format: str) -> None:
    make_rig_folder(tmp_path, ["1", "2"], label_format, OF_INFRARED)
    findings = Findings()

    def find(folder: Path) -> LabelFiles:
        return box_labels(folder, label_format, CLASSES, transform("infrared"))

    inspect_folder(tmp_path, findings, find, registration=OF_INFRARED)
    assert findings.faults == []
    assert findings.class_counts(["1", "2"]) == {"Car": 2, "People": 2}
    assert findings.size_counts() == {"60x40": 2}


def make_masks(root: Path, camera: str, levels: tuple[int, int] = (1, 2)) -> Path:
    """Write pairs in folders train and test, whose masks show a car and a person of one grey level each."""
    registration, (width, height) = transform(camera).registration, SIZE
    mask = np.zeros((height, width), np.uint8)
    mask[10:20, 12:20], mask[5:25, 25:27] = levels
    for split, stems in (("train", "abcd"), ("test", "xy")):
        for stem in stems:
            write_blank(root / split / "ir" / f"{stem}.png", registration.infrared_size)
            write_blank(root / split / "vi" / f"{stem}.png", registration.visible_size)
            (root / split / "masks").mkdir(exist_ok=True)
            assert cv2.imwrite(str(root / split / "masks" / f"{stem}.png"), mask)
    return root


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("levels", [(1, 2), (100, 200)])
def test_masks_are_registered_and_written_as_class_numbers(
    tmp_path: Path, camera: str, levels: tuple[int, int]
) -> None:
    make_masks(tmp_path / "data", camera, levels)
    values = (0, *levels) if levels != (1, 2) else ()
    registered = RegisteredMasks(transform(camera), tmp_path / "prepare" / "masks")
    data = read_segmentation_data(tmp_path / "data", MASK_CLASSES, "folders", 0, "", values, registered)
    width, height = transform(camera).registration.size
    for item in data.items:
        assert (item.width, item.height, item.values) == (width, height, ())
        mask = read_mask(item.mask, MASK_CLASSES)
        assert mask.shape == (height, width)
        assert item.pixels == tuple(int((mask == number).sum()) for number in range(3))
        corner, size = ((12 - 5, 10 - 4), 1) if camera == "visible" else ((2 * 12 - 10, 2 * 10 - 8), 2)
        expected = mask[corner[1] : corner[1] + 10 * size, corner[0] : corner[0] + 8 * size]
        assert (expected == 1).all()
        assert item.pixels[1] == 80 * size * size


def test_what_the_infrared_camera_does_not_see_has_no_class(tmp_path: Path) -> None:
    shifted = rig(np.array([[2, 0, 6.5], [0, 2, 0.5], [0, 0, 1]]), SIZE, visible_size=(80, 60), frame=(0, 0, 80, 60))
    mask = np.ones((30, 40), np.uint8)
    found = LabelTransform(shifted, "infrared").mask(mask)
    assert (found[:, :6] == 255).all()
    assert (found[:, 6:] == 1).all()


def test_registered_masks_are_found_where_their_folder_is_moved(tmp_path: Path) -> None:
    make_masks(tmp_path / "data", "visible")
    unfinished = tmp_path / ".prepare.part"
    registered = RegisteredMasks(transform("visible"), unfinished / "masks")
    data = read_segmentation_data(tmp_path / "data", MASK_CLASSES, "folders", 0, registered=registered)
    for name in ("data.json", "fold1/data.json"):
        save_segmentation_data(unfinished / name, data)
    unfinished.rename(tmp_path / "prepare")
    for name in ("data.json", "fold1/data.json"):
        loaded = load_segmentation_data(tmp_path / "prepare" / name)
        assert all(item.mask.is_file() for item in loaded.items)
        assert [item.pair for item in loaded.items] == [item.pair for item in data.items]


def test_a_mask_of_the_other_camera_is_refused_with_both_sizes(tmp_path: Path) -> None:
    make_masks(tmp_path / "data", "infrared")
    registered = RegisteredMasks(LabelTransform(OF_INFRARED, "visible"), tmp_path / "masks")
    with pytest.raises(InputError, match=r"a\.png: size differs from its images \(found 40x30, expected 80x60\)"):
        read_segmentation_data(tmp_path / "data", MASK_CLASSES, "folders", 0, registered=registered)


def test_a_check_counts_the_pixels_of_registered_masks(tmp_path: Path) -> None:
    make_masks(tmp_path, "visible")
    findings = Findings()

    def find(folder: Path) -> LabelFiles:
        return mask_labels(folder, MASK_CLASSES, transform=transform("visible"))

    inspect_folder(tmp_path / "test", findings, find, registration=OF_VISIBLE)
    assert findings.faults == []
    assert findings.class_counts("xy") == {"background": 2 * (600 - 80 - 38), "car": 2 * 80, "person": 2 * 38}


def test_another_camera_is_refused() -> None:
    with pytest.raises(InputError, match=r"unknown camera of labels 'thermal'\. Known: infrared, visible"):
        LabelTransform(OF_VISIBLE, "thermal")
