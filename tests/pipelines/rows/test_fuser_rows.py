"""Rows of a comparison: what stands behind each of them, what it depends on, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from fusion.command_line import parse_override
from fusion.errors import InputError
from pipelines.config import Chosen, load_settings
from pipelines.overrides import override
from pipelines.report.facts import fuser_facts
from pipelines.rows.experiment import Experiment, build_experiment
from pipelines.rows.fuser_rows import FuserRow
from pipelines.stages.stage import Inputs, Stage
from pipelines.tasks.fusing import fusion_stages
from tests.onnx_models import write_model

NONE = Inputs({}, {})
CLASS = "class Mine:\n    learned, colour = False, True\n    fuse = staticmethod(lambda infrared, visible: visible)\n"


def experiment_with(*arguments: str, pipeline: str = "fusion_quality") -> Experiment:
    settings = {**load_settings(pipeline), "name": pipeline}
    for argument in ("fusers=mine", *arguments):
        override(settings, *parse_override(argument))
    return build_experiment(Chosen(settings, None), "")


def rows_with(*arguments: str, pipeline: str = "fusion_quality") -> dict[str, FuserRow]:
    return {row.name: row for row in experiment_with(*arguments, pipeline=pipeline).rows}


def options(**values: object) -> list[str]:
    return [f"fuser_options.mine.{option}={value}" for option, value in values.items()]


def stage_of(experiment: Experiment, row: str = "mine") -> Stage:
    return next(stage for stage in fusion_stages(experiment, ("test",)) if stage.name == f"fuse/{row}")


def test_one_method_stands_twice_with_different_options() -> None:
    rows = rows_with("fusers=laplacian,mine", *options(type="laplacian", levels=1))
    assert list(rows) == ["infrared", "visible", "average", "laplacian", "mine"]
    mine, plain = rows["mine"], rows["laplacian"]
    assert (mine.fuser, mine.name, mine.options) == ("laplacian", "mine", {"levels": 1})
    assert (plain.fuser, plain.name, plain.options) == ("laplacian", "laplacian", {})
    assert type(mine.build(NONE)) is type(plain.build(NONE))


def test_the_type_decides_whether_a_stage_is_still_good() -> None:
    first, second = (stage_of(experiment_with(*options(type=name))) for name in ("maximum", "laplacian"))
    assert first.settings != second.settings
    assert stage_of(experiment_with("fusers=maximum"), "maximum").settings == {}  # as it has always been


def test_the_weights_of_the_teacher_and_those_to_start_from_decide_whether_a_training_is_still_good() -> None:
    changes = (
        "fusers=isfuse",
        "fuser_options.isfuse.weights=train",
        "training.teacher=isfuse",
        "training.start=isfuse-lite",
    )
    stages = fusion_stages(experiment_with(*changes), ("test",))
    trained = next(stage for stage in stages if stage.name == "train_fusion/isfuse")
    assert [path.name for path in trained.inputs] == ["isfuse-lite.safetensors", "isfuse.safetensors"]


@pytest.mark.parametrize("pipeline", ["fusion_quality", "m3fd_detect", "msrs_segment"])
def test_every_pipeline_takes_rows_by_type(pipeline: str) -> None:
    assert list(rows_with(*options(type="maximum"), pipeline=pipeline))[-1] == "mine"


def test_files_and_folders_are_inputs(tmp_path: Path) -> None:
    model, code = write_model(tmp_path / "m.onnx"), tmp_path / "mine.py"
    code.write_text(CLASS)
    assert stage_of(experiment_with(*options(type="onnx", model=model))).inputs == (model,)
    assert stage_of(experiment_with(*options(type=f"{code}:Mine"))).inputs == (code,)
    assert stage_of(experiment_with(*options(type="folder", dir=tmp_path))).inputs == (tmp_path,)


def test_a_row_of_the_network_has_the_shipped_weights_or_is_trained() -> None:
    shipped = rows_with(*options(type="isfuse"))["mine"]
    assert shipped.options["weights"] == "shipped"
    assert shipped.training is None
    assert [path.name for path in shipped.inputs] == ["isfuse.safetensors"]
    trained = experiment_with(*options(type="isfuse", weights="train"))
    names = [stage.name for stage in fusion_stages(trained, ("test",))]
    assert names[-2:] == ["train_fusion/mine", "fuse/mine"]
    assert trained.rows[-1].inputs == ()


def test_folders_come_before_anything_trains(tmp_path: Path) -> None:
    experiment = experiment_with(
        "fusers=isfuse,mine", "fuser_options.isfuse.weights=train", *options(type="folder", dir=tmp_path)
    )
    names = [stage.name for stage in fusion_stages(experiment, ("test",))]
    assert names[0] == "fuse/mine"
    assert experiment.row_names[-1] == "mine"  # while the table keeps its order


def test_interventions_are_left_out_for_a_folder_alone(tmp_path: Path) -> None:
    experiment = experiment_with("fusers=maximum,mine", *options(type="folder", dir=tmp_path))
    assert [row.name for row in experiment.analysed_rows] == ["average", "maximum"]


def test_the_report_says_what_a_row_is(tmp_path: Path) -> None:
    def facts(*arguments: str) -> dict[str, str]:
        return dict(fuser_facts(experiment_with(*arguments)))

    model = write_model(tmp_path / "m.onnx")
    assert facts(*options(type="onnx", model=model))["mine"] == f"onnx, model {model}"
    assert facts(*options(type="laplacian", levels=1))["mine"] == "laplacian, levels 1"
    assert facts(*options(type="folder", dir=tmp_path))["mine"] == f"folder, dir {tmp_path}"
    found = facts("fusers=isfuse,mine,laplacian", *options(type="isfuse", weights="train"))
    assert found["isfuse"] == "the shipped weights, see fusion/weights/isfuse.md"
    assert found["mine"].startswith("isfuse, trained on the training pairs")
    assert "laplacian" not in found  # its name says it all
    lite = "the shipped weights, see fusion/weights/isfuse-lite.md"
    assert facts("fusers=isfuse-lite")["isfuse-lite"] == lite
    assert facts("fusers=isfuse-lite", "fuser_options.isfuse-lite.weights=shipped")["isfuse-lite"] == lite


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (options(type="laplacain"), r"unknown fuser 'laplacain'\. Did you mean 'laplacian'.*folder"),
        (["fusers=mien", *options(type="maximum")], r"unknown fuser 'mien'\. Did you mean 'mine'"),
        (options(type="laplacian", leves=3), r"unknown option of fuser 'laplacian' 'leves'\. Did you mean 'levels'"),
        (options(type="onnx"), "fuser 'onnx': missing option 'model'. Try: model=..."),
        (
            options(type="onnx", model="none.onnx"),
            r"none\.onnx: no such file or folder \(named by fuser",
        ),
        (options(type="folder"), r"fuser_options\.mine: type 'folder' needs a folder"),
        (options(type="folder", dir="none"), r"none: no such file or folder"),
        (options(type="folder", dri="none"), r"unknown option of type 'folder' 'dri'\. Did you mean 'dir'"),
        (options(type="isfuse", weights="none.safetensors"), r"none\.safetensors: no such file or folder"),
        (["fusers=some.py:Mine"], r"some\.py: cannot be read|row 'some\.py:Mine': cannot be the name of a folder"),
        (["fusers=a-fold2", "fuser_options.a-fold2.type=maximum"], r"row 'a-fold2': cannot be .*without -seedN"),
        (["fuser_options.average.type=maximum"], r"average is a baseline.*a row with another name"),
        (
            ["fusers=isfuse", "fuser_options.isfuse.weights=none"],
            r"none: no such file or folder \(named by fuser_options\.isfuse\)",
        ),
        (["fusers=isfuse", "fuser_options.isfuze.weights=train"], r"unknown row of fuser_options 'isfuze'.*'isfuse'"),
        (["fuser_options.mine=maximum"], r"fuser_options\.mine='maximum': expected options"),
    ],
)
def test_a_mistake_is_told_before_anything_runs(arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        experiment_with(*arguments)


def test_a_class_cannot_name_a_row_itself(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CLASS)
    name = f"{tmp_path}/mine.py:Mine"
    with pytest.raises(InputError, match=r"cannot be the name of a folder .*Try: .*fuser_options\.NAME\.type="):
        experiment_with(f"fusers={name}")


def test_a_variant_is_no_place_for_a_type() -> None:
    with pytest.raises(InputError, match=r"full is a variant.*a row with another name"):
        experiment_with("fuser_options.full.type=maximum", "fusers=average", pipeline="ablation")
