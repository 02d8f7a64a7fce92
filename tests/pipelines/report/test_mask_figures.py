from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch

from pipelines.report.figures.curves import draw_validation_curves
from pipelines.report.figures.masks import draw_confusions, draw_mask_panel

CLASSES = ["background", "car", "person"]
GREY = torch.full((3, 48, 64), 0.5)
NOTHING = np.zeros((48, 64), np.uint8)


def _panel(path: Path, truth: np.ndarray, predicted: dict[str, np.ndarray], classes: list[str] = CLASSES) -> np.ndarray:
    fused = dict.fromkeys(predicted, GREY)
    draw_mask_panel(path, GREY[:1], GREY, truth, fused, predicted, "a scene", classes)
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture


def _with(number: int) -> np.ndarray:
    mask = NOTHING.copy()
    mask[10:30, 10:40] = number
    return mask


def _changed(first: np.ndarray, second: np.ndarray) -> tuple[float, float, float, float]:
    """Give where two pictures differ: left, right, top, bottom as shares of the picture."""
    rows, columns = np.nonzero((first != second).any(axis=2))
    height, width = first.shape[:2]
    return columns.min() / width, columns.max() / width, rows.min() / height, rows.max() / height


def test_a_prediction_stands_below_its_fused_image(tmp_path: Path) -> None:
    without = _panel(tmp_path / "a.png", NOTHING, {"average": NOTHING, "maximum": NOTHING})
    with_one = _panel(tmp_path / "b.png", NOTHING, {"average": NOTHING, "maximum": _with(1)})
    left, right, top, _ = _changed(without, with_one)
    assert 1 / 3 < left < right < 2 / 3
    assert top > 0.6


def test_the_truth_is_drawn_in_the_first_line(tmp_path: Path) -> None:
    without, with_one = (_panel(tmp_path / "a.png", truth, {"average": NOTHING}) for truth in (NOTHING, _with(2)))
    left, _, _, bottom = _changed(without, with_one)
    assert left > 2 / 3
    assert bottom < 0.4


def test_classes_and_unknown_pixels_look_different(tmp_path: Path) -> None:
    classes = ["background", *(f"class{number}" for number in range(12))]
    pictures = [_panel(tmp_path / "a.png", _with(number), {}, classes) for number in (0, 1, 8, 9, 12, 255)]
    assert all((a != b).any() for k, a in enumerate(pictures) for b in pictures[:k])


def test_confusions_of_all_fusers_and_an_absent_class_are_drawn(tmp_path: Path) -> None:
    right, wrong = np.diag([9, 5, 0]), np.array([[9, 0, 0], [0, 0, 5], [0, 0, 0]])
    sizes = []
    for name, confusions in {"one": {"a": right}, "five": dict.fromkeys("abcde", right), "other": {"a": wrong}}.items():
        draw_confusions(tmp_path / f"{name}.png", confusions, CLASSES, "confusions")
        sizes.append(cv2.imread(str(tmp_path / f"{name}.png")).shape)
    assert sizes[1][0] > sizes[0][0]
    assert (tmp_path / "one.png").read_bytes() != (tmp_path / "other.png").read_bytes()


def test_validation_curves_are_drawn_for_any_number_of_fusers(tmp_path: Path) -> None:
    curves = {f"fuser{number}": [0.1, 0.3 + number / 50, 0.2] for number in range(9)}
    draw_validation_curves(tmp_path / "a.png", curves, "training")
    draw_validation_curves(tmp_path / "b.png", {**curves, "fuser8": [0.4, 0.1, 0.1]}, "training")
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()
