"""One range of infrared levels for all pairs of a data set, from the setting to the pairs that stages read."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from downstream.datasets import load_detection_data, read_detection_data, save_detection_data
from fusion.errors import InputError
from pipelines.config import choose_settings
from pipelines.data_settings import DataSettings
from pipelines.rows.pair_lists import load_pairs
from pipelines.settings import resolve_settings
from pipelines.tasks.sampling import save_divided
from tests.downstream.datasets.labelled_scenes import CLASSES, SIZE, make_folder


def settings(*overrides: str, data: Path) -> DataSettings:
    return resolve_settings(choose_settings("m3fd_detect", ["data.split=folders", *overrides], data).settings).data


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], (7000.0, 9000.0)),
        (["data.infrared_range=percentile"], "percentile"),
        (["data.infrared_range=image"], "image"),
        (["data.infrared_range=[7500,8000.5]"], (7500.0, 8000.5)),
    ],
)
def test_training_and_test_pairs_are_read_with_one_range(tmp_path, overrides, expected):
    for split, highest in (("train", 8000), ("test", 9000)):
        make_folder(tmp_path / split, [split])
        counts = np.full(SIZE[::-1], 7000, np.uint16)
        counts[:5] = highest
        assert cv2.imwrite(str(tmp_path / split / "Ir" / f"{split}.png"), counts)
    data = read_detection_data(tmp_path, "voc", CLASSES, "folders", 0)
    save_divided(tmp_path / "out", data, settings(*overrides, data=tmp_path), save_detection_data)
    read = [item.pair for item in load_detection_data(tmp_path / "out" / "data.json").items]
    assert {pair.infrared_range for pair in read} == {expected}
    assert load_pairs(tmp_path / "out", "train", "test") == read


def test_a_value_that_is_no_range_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"^data\.infrared_range='full': no range of infrared levels"):
        settings("data.infrared_range=full", data=tmp_path)


def test_the_default_range_does_not_change_the_key_of_finished_results(tmp_path):
    assert "infrared_range" not in settings(data=tmp_path).key
    assert settings("data.infrared_range=image", data=tmp_path).key["infrared_range"] == "image"
