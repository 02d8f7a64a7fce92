"""What a setting names, a file or a folder, decides a stage: so it must be an input of one, or changes go unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import save_file

from fusion.errors import InputError
from pipelines.config import Chosen, list_pipelines, load_settings
from pipelines.overrides import flatten, override
from pipelines.stages.stage import Task
from pipelines.tasks.build import build_task
from tests.made_rigs import rig

NO_FILES = {  # settings that take any text, none of which is opened
    *("name", "task", "device", "data.name", "data.source"),
    *("data.labels", "data.masks", "data.infrared", "data.visible"),  # a format, and names of folders in the data
    "data.labels_from",  # a camera
    "data.root",  # resolved before, as --data is
    *("sample.layout", "training.batchnorm", "training.ablation", "data.groups"),
}


def task_of(pipeline: str, key: str, value: str, folder: Path) -> Task:
    settings = {**load_settings(pipeline), "name": pipeline}
    if key.startswith("fuser_options."):
        override(settings, "fusers", ["isfuse"])
    if key.startswith("on_request."):
        override(settings, "fusers", [key.split(".")[1]])
    if key.startswith("training.") and not settings["variants"]:  # so that something is trained
        override(settings, "fusers", ["isfuse"])
        override(settings, "fuser_options.isfuse.weights", "train")
        override(settings, "data.split", "random")
    override(settings, key, value)
    return build_task(Chosen(settings, folder), folder / "work", "")


def names_of_text(pipeline: str) -> list[str]:
    settings = load_settings(pipeline)
    texts = [key for key, value in flatten(settings) if value is None or isinstance(value, str)]
    return [key for key in texts if not key.startswith("sample.settings.") and key not in NO_FILES]


PIPELINES = ("ablation", "fusion_quality", "m3fd_detect", "msrs_segment")  # every section of the settings
CASES = [(pipeline, key) for pipeline in PIPELINES for key in names_of_text(pipeline)]
TAKES_A_FOLDER = ("data.split",)  # anything else is refused, but only when the data is read


@pytest.mark.parametrize(("pipeline", "key"), CASES)
def test_a_file_or_folder_that_a_setting_names_is_the_input_of_a_stage(tmp_path: Path, pipeline: str, key: str) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "named.yaml").touch()
    save_file({}, tmp_path / "named.safetensors")
    rig().save(tmp_path / "named.json")
    files = ("named.yaml", "named.safetensors", "named.json")
    for name in ("lists",) if key in TAKES_A_FOLDER else ("lists", *files):
        try:
            task = task_of(pipeline, key, str(tmp_path / name), tmp_path)
        except InputError:
            continue  # refused: this setting takes no such path
        assert any(tmp_path / name in stage.inputs for stage in task.stages), f"{key}={name} decides no stage"


def test_every_section_of_every_pipeline_is_looked_at() -> None:
    def keys(pipeline: str) -> set[str]:
        return {key.partition(".")[0] for key in names_of_text(pipeline)}

    looked_at = set().union(*map(keys, PIPELINES))
    assert set().union(*map(keys, list_pipelines())) <= looked_at


def test_there_are_settings_that_name_files() -> None:
    assert {"data.split", "detector.model", "detector.weights"} <= {key for pipeline, key in CASES}
    assert ("msrs_segment", "segmenter.encoder_weights") in CASES
    assert ("ablation", "training.start") in CASES
    assert {pipeline for pipeline, key in CASES if key == "data.registration"} == set(PIPELINES)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_registration_is_an_input_of_the_stage_that_reads_the_data(tmp_path: Path, pipeline: str) -> None:
    rig().save(tmp_path / "rig.json")
    stages = task_of(pipeline, "data.registration", str(tmp_path / "rig.json"), tmp_path).stages
    (prepare,) = (stage for stage in stages if stage.name == "prepare")
    assert prepare.inputs == (tmp_path, tmp_path / "rig.json")


def test_what_only_loads_images_decides_nothing(tmp_path: Path) -> None:
    def keys(workers: int) -> list[dict[str, object]]:
        settings = {**load_settings("msrs_segment"), "name": "msrs_segment"}
        override(settings, "segmenter.workers", workers)
        task = build_task(Chosen(settings, tmp_path), tmp_path / "work", "")
        return [stage.settings for stage in task.stages]

    assert keys(1) == keys(4)
