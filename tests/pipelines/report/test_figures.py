from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from downstream.datasets.boxes import Box
from pipelines.report.figures.boxes import draw_panel
from pipelines.report.figures.curves import draw_loss_curves, draw_pr_curves

CAR = Box("Car", (20.0, 30.0, 60.0, 70.0))
CLASSES = ["People", "Car"]


def _panel(
    path: Path,
    found: list[tuple[Box, float]] | None = None,
    truth: tuple[Box, ...] = (),
    fusers: int = 1,
    classes: list[str] = CLASSES,
) -> np.ndarray:
    """Draw grey scenes and read the picture back."""
    names = [f"fuser{index}" for index in range(fusers)]
    fused = {name: torch.full((3, 96, 128), 0.5) for name in names}
    predictions = {"fuser0": found or []}
    draw_panel(path, torch.full((1, 96, 128), 0.3), fused["fuser0"], fused, truth, predictions, "a scene", classes)
    return _read(path)


def _read(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path))
    assert picture is not None
    assert path.read_bytes().startswith(b"\x89PNG")
    return picture


def _changed_columns(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.flatnonzero((first != second).any(axis=(0, 2))) / first.shape[1]


def test_a_panel_is_a_picture_of_three_legible_columns(tmp_path: Path) -> None:
    height, width, _ = _panel(tmp_path / "panel.png").shape
    assert width >= 3 * 600
    assert height >= 600 * 96 / 128


@pytest.mark.parametrize(("fusers", "columns", "rows"), [(2, 4, 1), (3, 3, 2), (5, 4, 2), (7, 3, 3)])
def test_the_grid_is_at_most_four_wide(tmp_path: Path, fusers: int, columns: int, rows: int) -> None:
    height, width, _ = _panel(tmp_path / "panel.png", fusers=fusers).shape
    assert round(width / 700) == columns
    assert rows * 517 < height < rows * 517 + (rows + 2) * 80


def test_a_prediction_is_drawn_on_its_fused_image_only(tmp_path: Path) -> None:
    without, with_one = _panel(tmp_path / "a.png"), _panel(tmp_path / "b.png", [(CAR, 0.9)])
    changed = _changed_columns(without, with_one)
    assert changed.size
    assert changed.min() > 2 / 3


def test_a_prediction_below_the_lowest_score_is_not_drawn(tmp_path: Path) -> None:
    assert (_panel(tmp_path / "a.png") == _panel(tmp_path / "b.png", [(CAR, 0.249)])).all()
    assert (_panel(tmp_path / "a.png") != _panel(tmp_path / "b.png", [(CAR, 0.25)])).any()


def test_true_boxes_are_drawn_on_every_image(tmp_path: Path) -> None:
    changed = _changed_columns(_panel(tmp_path / "a.png"), _panel(tmp_path / "b.png", truth=(CAR,)))
    assert {int(column * 3) for column in changed} == {0, 1, 2}


def test_class_and_score_change_the_picture(tmp_path: Path) -> None:
    base = _panel(tmp_path / "a.png", [(CAR, 0.9)])
    assert (base != _panel(tmp_path / "b.png", [(CAR, 0.8)])).any()
    assert (base != _panel(tmp_path / "c.png", [(Box("People", CAR.xyxy), 0.9)])).any()


def test_a_label_stays_inside_its_image(tmp_path: Path) -> None:
    corners = [(0, 0, 9, 9), (119, 0, 128, 9), (0, 87, 9, 96), (119, 87, 128, 96)]
    found = [(Box("Car", (float(a), float(b), float(c), float(d))), 0.9) for a, b, c, d in corners]
    changed = _changed_columns(_panel(tmp_path / "a.png"), _panel(tmp_path / "b.png", found))
    assert changed.min() > 0.662
    assert changed.max() < 0.998


def test_labels_of_boxes_in_one_place_do_not_hide_each_other(tmp_path: Path) -> None:
    def coloured(found: list[tuple[Box, float]]) -> int:
        return int((np.ptp(_panel(tmp_path / "a.png", found).astype(int), axis=2) > 60).sum())

    label = 69 * 19  # pixels of "Car .80"; its letters are black
    # the boxes are equal, so that more colour means another label
    assert coloured([(CAR, 0.9), (CAR, 0.8)]) - coloured([(CAR, 0.9)]) > 0.5 * label


def test_more_classes_than_colours_can_be_drawn(tmp_path: Path) -> None:
    picture = _panel(tmp_path / "a.png", [(CAR, 0.9)], classes=[*(f"class{index}" for index in range(9)), "Car"])
    assert (picture != _panel(tmp_path / "b.png", [])).any()


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    _panel(tmp_path / "a.png", [(CAR, 0.9)])
    _panel(tmp_path / "b.png", [(CAR, 0.9)])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_curves_are_a_picture_that_shows_the_curves(tmp_path: Path) -> None:
    falling, flat = list(np.linspace(1, 0, 101)), [0.5] * 101
    draw_pr_curves(tmp_path / "a.png", {"average": {"Car": falling, "Bus": flat}}, "curves")
    draw_pr_curves(tmp_path / "b.png", {"average": {"Car": falling, "Bus": falling}}, "curves")
    first, second = _read(tmp_path / "a.png"), _read(tmp_path / "b.png")
    assert first.shape[0] >= 600
    assert first.shape[1] >= 1000
    assert (first != second).any()


def test_a_class_that_one_fuser_lacks_and_many_fusers_can_be_drawn(tmp_path: Path) -> None:
    curve = [0.5] * 101
    curves = {f"fuser{index}": {"Car": curve} for index in range(9)} | {"last": {"Bus": curve, "Car": curve}}
    draw_pr_curves(tmp_path / "a.png", curves, "curves")
    del curves["last"]
    draw_pr_curves(tmp_path / "b.png", curves, "curves")
    assert (_read(tmp_path / "a.png") != _read(tmp_path / "b.png")).any()  # the class that the others lack is drawn


def test_a_loss_that_falls_is_another_picture_than_one_that_does_not(tmp_path: Path) -> None:
    draw_loss_curves(tmp_path / "a.png", {"average": {1: 9.0, 2: 3.0}, "none": {}}, "losses")
    draw_loss_curves(tmp_path / "b.png", {"average": {1: 9.0, 2: 9.0}, "none": {}}, "losses")
    assert (_read(tmp_path / "a.png") != _read(tmp_path / "b.png")).any()


def test_no_window_state_is_touched(tmp_path: Path) -> None:
    _panel(tmp_path / "a.png")
    assert "matplotlib.pyplot" not in sys.modules
