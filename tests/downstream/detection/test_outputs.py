from __future__ import annotations

import json
from pathlib import Path

import pytest

from downstream.datasets.boxes import Box
from downstream.detection.outputs import Prediction, load_predictions, save_predictions, training_losses
from fusion.errors import InputError

HEAD = "epoch,time,train/box_loss,train/cls_loss,train/dfl_loss,metrics/mAP50(B),val/box_loss,lr/pg0\n"


def log(out_dir: Path, *lines: str) -> Path:
    (out_dir / "run").mkdir()
    (out_dir / "run" / "results.csv").write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return out_dir


def test_the_losses_of_an_epoch_are_summed_even_in_a_row_without_validation(tmp_path: Path) -> None:
    out_dir = log(tmp_path, "1,20.5,4,2,1,0,9,0.01", "2,41,3,1.5,0.5,0.07")
    assert training_losses(out_dir) == {1: 7.0, 2: 5.0}


def test_of_a_repeated_epoch_the_last_row_counts(tmp_path: Path) -> None:
    out_dir = log(tmp_path, "1,2,4,2,1,0,0,0", "2,4,9,9,9,0,0,0", "2,4,1,1,1,0,0,0", "3,6,1,1,0,0")
    assert training_losses(out_dir) == {1: 7.0, 2: 3.0, 3: 2.0}


def test_an_epoch_with_a_loss_that_is_not_finite_is_left_out(tmp_path: Path) -> None:
    assert training_losses(log(tmp_path, "1,2,nan,2,1,0,0,0", "2,4,1,1,1,0")) == {2: 3.0}


def test_a_missing_log_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"results\.csv: cannot be read"):
        training_losses(tmp_path)


def test_predictions_come_back_as_they_were_saved(tmp_path: Path) -> None:
    predictions = [
        Prediction("00012", Box("Car", (1.25, 2.0, 30.5, 40.75)), 0.123456789),
        Prediction("straße 1", Box("People", (0.0, 0.0, 1.0, 1.0)), 1.0),
    ]
    save_predictions(tmp_path / "predictions.json", predictions)
    assert load_predictions(tmp_path / "predictions.json") == predictions


def test_no_predictions_come_back_as_none(tmp_path: Path) -> None:
    save_predictions(tmp_path / "predictions.json", [])
    assert load_predictions(tmp_path / "predictions.json") == []


def test_coordinates_keep_a_hundredth_of_a_pixel_and_scores_all_digits(tmp_path: Path) -> None:
    path = tmp_path / "predictions.json"
    save_predictions(path, [Prediction("a", Box("Car", (1 / 3, 2 / 3, 10.006, 20.004)), 1 / 3)])
    (found,) = load_predictions(path)
    assert found.box.xyxy == (0.33, 0.67, 10.01, 20.0)
    assert found.score == 1 / 3


def test_the_file_is_a_list_of_records_with_named_fields(tmp_path: Path) -> None:
    path = tmp_path / "predictions.json"
    save_predictions(path, [Prediction("a", Box("Car", (1.0, 2.0, 3.0, 4.0)), 0.5)])
    assert json.loads(path.read_text()) == [{"image": "a", "class": "Car", "xyxy": [1, 2, 3, 4], "score": 0.5}]
