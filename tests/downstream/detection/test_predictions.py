import json

import pytest

from downstream.datasets.boxes import Box
from downstream.detection.predictions import Prediction, load_predictions, save_predictions


def test_predictions_come_back_as_they_were_saved(tmp_path):
    predictions = [
        Prediction("00012", Box("Car", (1.25, 2.0, 30.5, 40.75)), 0.123456789),
        Prediction("straße 1", Box("People", (0.0, 0.0, 1.0, 1.0)), 1.0),
    ]
    save_predictions(tmp_path / "predictions.json", predictions)
    assert load_predictions(tmp_path / "predictions.json") == predictions


def test_no_predictions_come_back_as_none(tmp_path):
    save_predictions(tmp_path / "predictions.json", [])
    assert load_predictions(tmp_path / "predictions.json") == []


def test_coordinates_keep_a_hundredth_of_a_pixel_and_scores_all_digits(tmp_path):
    path = tmp_path / "predictions.json"
    save_predictions(path, [Prediction("a", Box("Car", (1 / 3, 2 / 3, 10.006, 20.004)), 1 / 3)])
    (found,) = load_predictions(path)
    assert found.box.xyxy == (0.33, 0.67, 10.01, 20.0)
    assert found.score == 1 / 3


def test_the_file_is_a_list_of_records_with_named_fields(tmp_path):
    path = tmp_path / "predictions.json"
    save_predictions(path, [Prediction("a", Box("Car", (1.0, 2.0, 3.0, 4.0)), 0.5)])
    assert json.loads(path.read_text()) == [{"image": "a", "class": "Car", "xyxy": [1, 2, 3, 4], "score": 0.5}]


def test_predictions_cannot_be_changed():
    prediction = Prediction("a", Box("Car", (1.0, 2.0, 3.0, 4.0)), 0.5)
    with pytest.raises(AttributeError):
        prediction.score = 1.0
