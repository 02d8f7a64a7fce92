from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from downstream.detection.settings import DetectorSettings
from fusion.command_line import parse_override
from fusion.errors import InputError
from fusion.networks.isfuse import ISFuse
from fusion.training.settings import LossWeights, Schedule
from pipelines.config import CONFIGS, list_pipelines, load_settings
from pipelines.overrides import known_keys, override, override_by

EVERY = sorted(list_pipelines())
DETECTION = ("m3fd_detect", "msrs_detect")


@pytest.fixture
def settings() -> dict[str, Any]:
    return load_settings("m3fd_detect")


def field_names(settings_class: type) -> set[str]:
    return {field.name for field in fields(settings_class)}


def test_the_pipelines_of_the_paper_are_there() -> None:
    assert set(EVERY) >= set(DETECTION)
    assert len(EVERY) == len(list(CONFIGS.glob("*.py")))


@pytest.mark.parametrize("name", EVERY)
def test_every_config_loads(name: str) -> None:
    assert load_settings(name)["data"]["name"]


@pytest.mark.parametrize("name", EVERY)
def test_every_config_begins_with_its_manual(name: str) -> None:
    text = (CONFIGS / f"{name}.py").read_text(encoding="utf-8")
    head = text[: text.index("_base_ =")]
    assert all(line.startswith("#") for line in head.splitlines())
    for word in ("Needs:", "Command:", "Override:", "Takes:", f"run_pipeline.py {name} "):
        assert word in head
    assert list_pipelines()[name] == head.splitlines()[0].removeprefix("# ")


def test_every_part_of_a_config_begins_with_a_comment() -> None:
    parts = sorted((CONFIGS / "_base_").glob("*.py"))
    assert parts
    assert all(path.read_text(encoding="utf-8").startswith("# ") for path in parts)


@pytest.mark.parametrize("name", EVERY)
def test_settings_of_the_sample_are_settings_of_the_pipeline(name: str) -> None:
    settings = load_settings(name)
    assert settings["sample"]["settings"]
    for key, value in settings["sample"]["settings"].items():
        assert key in known_keys(settings)
        override(settings, key, value)


@pytest.mark.parametrize("name", DETECTION)
def test_keys_are_the_arguments_of_what_they_configure(name: str) -> None:
    settings = load_settings(name)
    training = settings["training"]
    assert set(training["schedule"]) == field_names(Schedule) - {"checkpoint_s"}
    assert set(training["loss"]) == field_names(LossWeights)
    assert set(settings["detector"]) == field_names(DetectorSettings)
    assert set(training["network"]) <= set(inspect.signature(ISFuse).parameters)


@pytest.mark.parametrize("name", DETECTION)
def test_a_config_builds_what_it_configures(name: str) -> None:
    settings = load_settings(name)
    assert DetectorSettings(**settings["detector"]).epochs == settings["detector"]["epochs"]
    assert Schedule(**settings["training"]["schedule"]).epochs == settings["training"]["schedule"]["epochs"]
    LossWeights(**settings["training"]["loss"])
    ISFuse(**settings["training"]["network"])


def test_loading_twice_gives_separate_settings() -> None:
    changed = load_settings("m3fd_detect")
    override(changed, "detector.epochs", 1)
    assert load_settings("m3fd_detect")["detector"]["epochs"] != 1


def test_an_unknown_pipeline_gets_the_nearest_name_and_the_list() -> None:
    with pytest.raises(InputError, match=r"'m3fd_detct'\. Did you mean 'm3fd_detect'.*msrs_detect"):
        load_settings("m3fd_detct")


@pytest.mark.parametrize("key", ["detector.epoch", "detectr.epochs", "detector.epochs.more"])
def test_an_unknown_key_gets_the_nearest_one_and_the_list(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError, match=r"Did you mean 'detector\.epochs'.*Known: .*data\.split.*seeds"):
        override(settings, key, 3)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("detector.epochs", "many"),
        ("detector.epochs", 1.5),
        ("detector.epochs", True),
        ("detector.learning_rate", True),
        ("training.divided", 1),
        ("data.name", 5),
        ("detector", 5),
    ],
)
def test_a_value_of_another_kind_is_refused(settings: dict[str, Any], key: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"{key}={value!r}: wrong type \(expected "):
        override(settings, key, value)


def test_an_int_serves_as_a_float(settings: dict[str, Any]) -> None:
    override(settings, "detector.learning_rate", 1)
    assert isinstance(settings["detector"]["learning_rate"], float)


def test_a_path_takes_the_place_of_none_and_none_that_of_a_path(settings: dict[str, Any]) -> None:
    override(settings, "detector.weights", "file.pt")
    assert settings["detector"]["weights"] == "file.pt"
    override(settings, *parse_override("detector.weights=None"))
    assert settings["detector"]["weights"] is None
    override_by(settings, "training.teacher=isfuse")
    override_by(settings, "training.teacher=None")
    assert settings["training"]["teacher"] is None


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("data.name=2024_11_30", "2024_11_30"),
        ("data.name=1e3", "1e3"),
        ("data.name=a,b", "a,b"),
        ("data.name='M3FD'", "M3FD"),
        ("data.root=0x10", "0x10"),
        ("data.root=runs/lr=0.001", "runs/lr=0.001"),
        ("data.root=None", None),
        ("fusers=1,2", ["1", "2"]),
        ("data.classes=7", ["7"]),
        ("detector.epochs=3", 3),
        ("detector.learning_rate=1e-3", 1e-3),
        ("seeds=0,1", [0, 1]),
    ],
)
def test_a_text_is_read_where_a_text_is_expected_whatever_it_looks_like(argument: str, value: Any) -> None:
    found: Any = load_settings("m3fd_detect")
    override_by(found, argument)
    for part in argument.partition("=")[0].split("."):
        found = found[part]
    assert found == value


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("fusers=average", ["average"]),
        ("fusers=average,isfuse", ["average", "isfuse"]),
        ("fusers=[average, isfuse]", ["average", "isfuse"]),
        ("fusers=['average']", ["average"]),
        ("fusers=[]", []),
        ("seeds=3", [3]),
        ("seeds=0,1,2", [0, 1, 2]),
    ],
)
def test_a_list_is_written_with_commas(settings: dict[str, Any], argument: str, value: list[Any]) -> None:
    key, parsed = parse_override(argument)
    override(settings, key, parsed)
    assert settings[key] == value


@pytest.mark.parametrize("key", ["detector.extra.mosaic", "fuser_options.isfuse.device"])
def test_free_dictionaries_take_new_keys(settings: dict[str, Any], key: str) -> None:
    override(settings, key, 0.5)
    assert key in known_keys(settings)


def test_a_fuser_without_options_so_far_takes_some(settings: dict[str, Any]) -> None:
    override(settings, "fuser_options.laplacian.levels", 3)
    assert settings["fuser_options"]["laplacian"] == {"levels": 3}


def test_a_list_of_another_kind_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        override(settings, "fusers", [1])


def test_known_keys_can_be_set_to_what_they_are(settings: dict[str, Any]) -> None:
    keys = [key for key in known_keys(settings) if not key.startswith("sample.settings.")]
    assert len(keys) > 20
    for key in keys:
        value: Any = settings
        for part in key.split("."):
            value = value[part]
        override(settings, key, value)
    assert settings == load_settings("m3fd_detect")


def test_configs_lie_beside_the_packages() -> None:
    assert Path(__file__).parents[2] / "configs" == CONFIGS


def test_a_section_keeps_what_a_dictionary_does_not_name(settings: dict[str, Any]) -> None:
    epochs = settings["training"]["schedule"]["epochs"]
    override(settings, "training.schedule", {"crop": 64})
    assert settings["training"]["schedule"]["crop"] == 64
    assert settings["training"]["schedule"]["epochs"] == epochs
    with pytest.raises(InputError, match=r"unknown setting 'training\.schedule\.epoch'"):
        override(settings, "training.schedule", {"epoch": 1})
