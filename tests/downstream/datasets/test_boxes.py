import logging
from pathlib import Path

import pytest

from downstream.datasets.boxes import Box, LabelFaults, clean_boxes, coordinate, require_class
from fusion.errors import InputError

SOURCE = Path("some/00007.xml")


def test_a_box_inside_the_image_is_unchanged_without_a_warning(caplog):
    boxes = [Box("Car", (0, 0, 40, 30)), Box("Bus", (1.5, 2, 3, 4))]
    assert clean_boxes(boxes, 40, 30, SOURCE) == (boxes, LabelFaults())
    assert not caplog.records


def test_a_box_partly_outside_is_clipped_counted_and_logged(caplog):
    with caplog.at_level(logging.WARNING):
        kept, faults = clean_boxes([Box("Car", (-5, 3, 45, 31))], 40, 30, SOURCE)
    assert kept == [Box("Car", (0, 3, 40, 30))]
    assert faults == LabelFaults(clipped=1, dropped=0)
    assert "some/00007.xml: 1 boxes clipped to the 40x30 image, 0 without" in caplog.text


@pytest.mark.parametrize(
    "xyxy", [(5, 5, 5, 9), (5, 5, 9, 5), (9, 5, 5, 9), (41, 5, 50, 9), (5, -9, 9, -1), (40, 0, 44, 5)]
)
def test_a_box_without_area_in_the_image_is_dropped_counted_and_logged(xyxy, caplog):
    kept, faults = clean_boxes([Box("Car", xyxy), Box("Car", (1, 1, 2, 2))], 40, 30, SOURCE)
    assert kept == [Box("Car", (1, 1, 2, 2))]
    assert faults == LabelFaults(clipped=0, dropped=1)
    assert "some/00007.xml: 0 boxes clipped" in caplog.text


def test_the_rounding_of_a_label_file_is_clipped_without_a_fault(caplog):
    kept, faults = clean_boxes([Box("Car", (-1e-5, 1, 40.004, 2))], 40, 30, SOURCE)
    assert kept == [Box("Car", (0, 1, 40, 2))]
    assert faults == LabelFaults()
    assert not caplog.records


def test_faults_add_up():
    assert LabelFaults(1, 2) + LabelFaults(3, 4) == LabelFaults(4, 6)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "x", "", float("nan")])
def test_a_coordinate_must_be_a_finite_number(value):
    with pytest.raises(ValueError, match=r"not finite|could not convert"):
        coordinate(value)


def test_a_class_of_other_case_is_unknown_and_the_right_one_suggested():
    require_class("Car", ("Car", "Bus"), "here")
    with pytest.raises(InputError, match=r"^here: unknown class 'car'. Did you mean 'Car'\? Known: Bus, Car$"):
        require_class("car", ("Car", "Bus"), "here")
