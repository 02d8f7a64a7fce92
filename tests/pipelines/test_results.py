"""Tests of pipelines from Python: the results of a run, and configs of one's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from fusion.errors import InputError
from pipelines import Results, plan_pipeline, run_pipeline
from pipelines.config import CONFIGS, load_settings
from tests.run_tool import in_process

FEW: dict[str, Any] = {
    "metrics.names": ["AG", "MSE"],
    "effects.images": 0,
    "fusers": ["maximum", "broken"],
    "panels": 0,
}


def classes(folder: Path) -> Path:
    """Write a fuser that fails in use."""
    path = folder / "mine.py"
    lines = ["class Broken:", "    learned = colour = False", "    def fuse(self, infrared, visible):", "        1 / 0"]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def quality(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("quality")
    options = {"broken": {"type": f"{classes(folder)}:Broken"}}
    return run_pipeline("fusion_quality", {**FEW, "fuser_options": options}, work_dir=folder / "work")


def test_rows_hold_every_mean_and_every_failure(quality: Results) -> None:
    assert quality.failed == ("broken",)
    by_name = {(row.fuser, row.metric): row for row in quality.rows}
    assert by_name["maximum", "AG"].value > 0
    assert by_name["maximum", "AG"].n == by_name["average", "MSE"].n > 0
    assert "ZeroDivisionError" in by_name["broken", ""].reason


def test_the_best_row_follows_the_direction_of_the_metric(quality: Results) -> None:
    means = {row.fuser: row.value for row in quality.rows if row.metric == "MSE" and row.value is not None}
    assert quality.best("MSE") == min(means, key=means.__getitem__)
    sharpness = {row.fuser: row.value for row in quality.rows if row.metric == "AG" and row.value is not None}
    assert quality.best("AG") == max(sharpness, key=sharpness.__getitem__)
    with pytest.raises(InputError, match=r"unknown metric 'MES'. Did you mean 'MSE'"):
        quality.best("MES")
    with pytest.raises(InputError, match="unknown metric 'None'"):
        quality.best()


def test_fused_images_alone_have_no_verdict(quality: Results) -> None:
    with pytest.raises(InputError, match="detection and segmentation only"):
        quality.verdict("maximum", "average")


def test_rows_become_a_table_of_pandas(quality: Results) -> None:
    table = quality.to_pandas()
    assert list(table.columns) == ["fuser", "metric", "class_name", "seed", "value", "n", "reason", "condition"]
    assert len(table) == len(quality.rows)


def test_without_pandas_a_table_is_one_line_of_error(quality: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match="pip install pandas"):
        quality.to_pandas()


def test_as_text_results_are_what_the_command_prints(quality: Results) -> None:
    assert "maximum" in str(quality)
    assert str(quality).endswith(f"page: {quality.report / 'report.html'}")


@pytest.mark.slow
def test_verdicts_of_a_task_are_those_of_the_report_and_any_row_can_be_the_baseline(tmp_path: Path) -> None:
    few = {
        "sample.train": 12,
        "sample.test": 12,
        "segmenter.epochs": 1,
        "segmenter.crop": 64,
        "metrics.names": ["AG"],
        "effects.images": 0,
        "fusers": ["late"],
        "stress.conditions": ["without_infrared", "infrared_shift@0"],
    }
    known = load_settings("msrs_segment")
    wanted = {key: value for key, value in few.items() if key.split(".")[0] in known}
    results = run_pipeline("msrs_segment", wanted, work_dir=tmp_path)
    assert not results.failed
    found = results.verdict("late", "average")
    reported = (results.report / "differences.csv").read_text(encoding="utf-8")
    row = next(line for line in reported.splitlines() if line.startswith("mIoU,all,late,average,"))
    assert float(row.split(",")[4]) == found.difference
    assert found.verdict in row
    other = results.verdict("average", "late")
    assert other.difference == pytest.approx(-found.difference, abs=1e-12)
    by_mean = {row.fuser: row.value for row in results.rows if (row.metric, row.class_name) == ("mIoU", "all")}
    assert by_mean[results.best()] == max(by_mean.values())
    assert {row.condition for row in results.stress} == {"without_infrared@1", "infrared_shift@0"}
    same = [row._replace(condition="") for row in results.stress if row.condition == "infrared_shift@0"]
    assert same == list(results.rows)
    assert len(results.to_pandas()) == 3 * len(results.rows)
    for wrong, told in (
        (("lat", "average"), "unknown row 'lat'. Did you mean 'late'"),
        (("late", "late"), "cannot be compared with itself"),
        (("late", "average", "IoUs"), "unknown metric and class 'IoUs all'"),
    ):
        with pytest.raises(InputError, match=told):
            results.verdict(*wrong)


def write_config(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def base(name: str = "fusion_quality") -> str:
    return f"_base_ = [{str(CONFIGS / f'{name}.py')!r}]\n"


def test_a_config_of_ones_own_is_a_pipeline_named_after_its_file(tmp_path: Path) -> None:
    path = write_config(tmp_path, base() + 'fusers = ["maximum"]\nmetrics = dict(names=["AG"])\n')
    plans = plan_pipeline(path, work_dir=tmp_path / "work")
    assert "fuse/maximum" in plans
    assert "fuse/laplacian" not in plans
    assert not (tmp_path / "work").exists()
    done = in_process("run_pipeline.py", path, "--dry-run", "fusers=laplacian", cwd=tmp_path)
    assert done.returncode == 0
    assert "run       fuse/laplacian" in done.stdout
    assert load_settings(str(path))["fusers"] == ["maximum"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fusers = [", r"mine.py: cannot be read as a config .SyntaxError"),
        ("raise ValueError('two\\nlines')", r"mine.py: cannot be read as a config .ValueError: two lines"),
        ("fusers = ['average']", r"mine.py: no pipeline .found task=None, expected one of quality, detection"),
        ("task = 'quality'", r"mine.py: no setting '\w+' .expected all of a pipeline.. Try: _base_ ="),
        ("_base_ = ['none.py']", r"mine.py: cannot be read as a config"),
        (base() + "fuser = ['average']", r"mine.py: unknown setting 'fuser'. Did you mean 'fusers'"),
        (
            base() + "metrics = dict(name='AG')",
            r"mine.py: unknown setting 'metrics.name'. Did you mean 'metrics.names'",
        ),
    ],
)
def test_a_config_that_is_none_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as error:
        load_settings(str(write_config(tmp_path, text)))
    assert "\n" not in str(error.value)


def test_a_missing_config_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.py: no such file"):
        load_settings(str(tmp_path / "none.py"))


def test_values_of_the_wrong_type_are_refused_from_python_as_from_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="panels='many': wrong type"):
        plan_pipeline("fusion_quality", {"panels": "many"}, work_dir=tmp_path)
    with pytest.raises(InputError, match="unknown setting 'panel'"):
        plan_pipeline("fusion_quality", {"panel": 1}, work_dir=tmp_path)
