"""What of the settings of a data set decides finished results, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from fusion.errors import InputError
from pipelines.config import choose_settings
from pipelines.data_settings import DataSettings
from pipelines.settings import resolve_settings
from tests.made_rigs import rig


def settings(folder: Path, *overrides: str, pipeline: str = "m3fd_detect") -> DataSettings:
    return resolve_settings(choose_settings(pipeline, overrides, folder).settings).data


@pytest.mark.parametrize("pipeline", ["m3fd_detect", "msrs_segment", "fusion_quality"])
def test_a_registration_that_is_not_given_leaves_the_key_of_finished_results_as_it_was(
    tmp_path: Path, pipeline: str
) -> None:
    found = settings(tmp_path, pipeline=pipeline)
    assert not {"registration", "labels_from"} & set(found.key)
    assert found.files == ()


def test_the_file_of_a_registration_decides_by_its_content_and_the_camera_of_labels_by_its_name(tmp_path: Path) -> None:
    rig().save(tmp_path / "rig.json")
    given = f"data.registration={tmp_path / 'rig.json'}"
    of_visible, of_infrared = settings(tmp_path, given), settings(tmp_path, given, "data.labels_from=infrared")
    assert of_visible.key == settings(tmp_path).key
    assert of_visible.files == (tmp_path / "rig.json",)
    assert of_infrared.key == {**of_visible.key, "labels_from": "infrared"}


def test_labels_are_brought_from_the_camera_they_were_drawn_on(tmp_path: Path) -> None:
    rig().save(tmp_path / "rig.json")
    given = f"data.registration={tmp_path / 'rig.json'}"
    transform = settings(tmp_path, given, "data.labels_from=infrared").label_transform()
    assert transform is not None
    assert (transform.registration, transform.size) == (rig(), (80, 64))
    assert settings(tmp_path).label_transform() is None
    with pytest.raises(InputError, match=r"data\.labels_from=infrared: without effect"):
        settings(tmp_path, "data.registration=", "data.labels_from=infrared")
