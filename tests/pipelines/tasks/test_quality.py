from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fusion.errors import InputError
from fusion.images.pairs import Pair
from fusion.scoring import code_of_metrics
from pipelines.config import Chosen, load_settings
from pipelines.overrides import override
from pipelines.rows.experiment import build_experiment
from pipelines.rows.fuser_rows import FuserRow
from pipelines.rows.pair_lists import load_pairs, save_pairs
from pipelines.rows.table_rows import build_rows
from pipelines.settings import resolve_settings, resolve_training
from pipelines.tasks.quality import quality_task, split_pairs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six empty image files of each camera; only their names are looked at."""
    for camera in ("ir", "vi"):
        (tmp_path / camera).mkdir()
        for index in range(6):
            (tmp_path / camera / f"{index}.png").touch()
    return tmp_path


def rows_of(settings: dict[str, Any]) -> dict[str, FuserRow]:
    resolved = resolve_settings({**settings, "name": "ablation"})
    return {row.name: row for row in build_rows(resolved.fusers, resolved.device, resolved.task)}


def stems(pairs: dict[str, list[Pair]]) -> dict[str, list[str]]:
    return {split: [pair.stem for pair in of_split] for split, of_split in pairs.items()}


def test_by_default_every_pair_is_scored(folder: Path) -> None:
    assert stems(split_pairs(folder, "all", 0)) == {"train": [], "val": [], "test": list("012345")}


def test_lists_and_folders_divide_the_pairs(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "train.txt").write_text("1\n2\n")
    (tmp_path / "lists" / "test.txt").write_text("0\n")
    assert stems(split_pairs(folder, str(tmp_path / "lists"), 0)) == {"train": ["1", "2"], "val": [], "test": ["0"]}
    for split in ("train", "test"):
        (tmp_path / "divided" / split).mkdir(parents=True)
    (folder / "ir").rename(tmp_path / "divided" / "test" / "ir")
    (folder / "vi").rename(tmp_path / "divided" / "test" / "vi")
    for camera in ("ir", "vi"):
        (tmp_path / "divided" / "train" / camera).mkdir()
        (tmp_path / "divided" / "train" / camera / "7.png").touch()
    expected = {"train": ["7"], "val": [], "test": list("012345")}
    assert stems(split_pairs(tmp_path / "divided", "folders", 0)) == expected


def test_a_divided_folder_asks_for_split_folders(tmp_path: Path) -> None:
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
    with pytest.raises(InputError, match=r"found split='all'\). Try: data\.split=folders"):
        split_pairs(tmp_path, "all", 0)


def test_a_split_that_leaves_nothing_to_score_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("1\n")
    (tmp_path / "test.txt").write_text("")
    with pytest.raises(InputError, match="leaves no pair for test"):
        split_pairs(folder, str(tmp_path), 0)


def test_pairs_come_back_from_their_file(folder: Path, tmp_path: Path) -> None:
    pairs = split_pairs(folder, "random", 0)
    save_pairs(tmp_path, pairs)
    assert load_pairs(tmp_path, "test") == pairs["test"]
    assert load_pairs(tmp_path, "test", "train") == sorted([*pairs["test"], *pairs["train"]])


def test_a_network_that_nothing_can_train_is_refused_before_anything_runs(folder: Path) -> None:
    settings = {**load_settings("fusion_quality"), "name": "fusion_quality"}
    override(settings, "fuser_options.isfuse.weights", "train")
    with pytest.raises(InputError, match=r"data\.split='all': leaves no pairs to train fuser 'isfuse'.*another split"):
        quality_task(build_experiment(Chosen(settings, folder), ""))
    override(settings, "data.split", "random")
    names = [stage.name for stage in quality_task(build_experiment(Chosen(settings, folder), "")).stages]
    assert names.index("train_fusion/isfuse") < names.index("fuse/isfuse") < names.index("score_fusion/isfuse")


def test_the_code_of_the_metrics_decides_whether_scores_are_still_good(folder: Path) -> None:
    settings = {**load_settings("fusion_quality"), "name": "fusion_quality", "fusers": []}
    stages = quality_task(build_experiment(Chosen(settings, folder), "")).stages
    scoring = next(stage for stage in stages if stage.name == "score_fusion/average")
    assert scoring.settings["code"] == code_of_metrics()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("metrics.names", ["Qbaf"], "unknown metric of convention 'eif' 'Qbaf'. Did you mean 'Qabf'"),
        ("metrics.convention", "eiff", "unknown convention 'eiff'. Did you mean 'eif'"),
    ],
)
def test_an_unknown_metric_is_refused_before_anything_runs(folder: Path, key: str, value: object, message: str) -> None:
    settings = {**load_settings("fusion_quality"), "name": "fusion_quality", "fusers": []}
    override(settings, key, value)
    with pytest.raises(InputError, match=message):
        build_experiment(Chosen(settings, folder), "")


def test_a_variant_is_trained_with_its_own_settings_and_all_others_alike() -> None:
    settings = load_settings("ablation")
    override(settings, "variants.mine.network.gate", "pixel")
    override(settings, "fuser_options.isfuse.weights", "given.safetensors")
    rows = rows_of(settings)
    mine, full = rows["mine"], rows["full"]
    assert mine.training is not None
    assert mine.training.network == {**settings["training"]["network"], "gate": "pixel"}
    assert full.training == resolve_training(settings["training"])
    assert mine.needs == ("train_fusion/mine",)
    assert list(rows)[-2:] == ["full", "mine"]


def test_a_variant_of_an_unknown_setting_is_refused() -> None:
    settings = load_settings("ablation")
    override(settings, "variants.mine.network.gates", "pixel")
    with pytest.raises(InputError, match=r"unknown setting 'network\.gates'\. Did you mean 'network\.gate'"):
        rows_of(settings)
