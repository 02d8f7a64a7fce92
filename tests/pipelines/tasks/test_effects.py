"""The stages effects/<fuser> and what a run of the fusion quality pipeline shows of them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fusion import InputError, Pair
from fusion.networks.checkpoints import save_network
from fusion.networks.isfuse import ISFuse
from pipelines.config import Chosen, load_settings
from pipelines.overrides import override
from pipelines.rows.experiment import Experiment, build_experiment
from pipelines.run import run_pipeline
from pipelines.stages.stage import Stage
from pipelines.tasks.quality import quality_task

FUSIONS = ("average", "maximum", "isfuse")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save_network(tmp_path / "net.safetensors", ISFuse(channels=4), {"channels": 4}, {})
    return tmp_path / "net.safetensors"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: Path) -> Callable[..., Path]:
    """Run the pipeline in tmp_path with few metrics, and give the work folder."""
    monkeypatch.chdir(tmp_path)

    def run(*overrides: str, data: Path | None = None) -> Path:
        few = ("metrics.names=AG", "fusers=maximum,isfuse", f"fuser_options.isfuse.weights={weights}", *overrides)
        assert not run_pipeline("fusion_quality", few, data, tmp_path / "work", command="").failed
        return tmp_path / "work" / ("fusion_quality" if data else "fusion_quality-sample")

    return run


def page(work: Path) -> str:
    return (work / "report" / "report.md").read_text(encoding="utf-8")


def experiment(root: Path | None, pipeline: str = "fusion_quality", **changes: object) -> Experiment:
    settings = {**load_settings(pipeline), "name": pipeline}
    for key, value in changes.items():
        override(settings, key.replace("__", "."), value)
    return build_experiment(Chosen(settings, root), "")


def stages(root: Path | None, **changes: object) -> dict[str, Stage]:
    return {stage.name: stage for stage in quality_task(experiment(root, **changes)).stages}


def test_a_sample_run_shows_table_pictures_rows_and_the_known_truth(
    run: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = ("sample.train=1", "sample.test=3", "panels=1", "effects.images=2")
    work = run(*tiny)
    report, text = work / "report", page(work)
    table = text.partition("### SAMPLE: Change by interventions, mean over 2 images\n")[2].splitlines()
    assert [line.split(" | ")[0] for line in table[3:6]] == [f"| {fuser}" for fuser in FUSIONS]
    assert text.count("**isfuse**: the published ordering, ") == 1
    assert "**maximum**: the published ordering, " not in text
    assert "### SAMPLE: Objects that one camera alone shows" in text

    with (report / "effects.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["method"], row["image"]) for row in rows] == [(f, i) for f in FUSIONS for i in ("00001", "00003")]
    of_average = [float(row["without_visible"]) for row in rows if row["method"] == "average"]
    assert f"{sum(of_average) / 2:.4f} [" in table[3].split(" | ")[3]

    pictures = sorted(path.relative_to(report).as_posix() for path in (report / "effects").rglob("*.*"))
    assert pictures == ["effects/isfuse/00002.png"]  # the scene shown with all fusers, measured or not
    assert "](panels/00002.png)" in text
    assert "](effects/isfuse/00002.png)" in text

    html = (report / "report.html").read_text(encoding="utf-8")
    shown = html.partition('<section id="effects-of-interventions">')[2].partition("</section>")[0]
    assert shown.count('<details class="picture">') == shown.count('<img src="data:image/webp;base64,') == 1
    assert "<strong>isfuse</strong>: the published ordering, " in shown
    assert "Objects that one camera alone shows" in shown
    assert "Objects that one camera alone shows" in (report / "results.tex").read_text(encoding="utf-8")

    capsys.readouterr()
    run(*tiny)
    assert "done in" not in capsys.readouterr().out


def test_the_users_own_pairs_carry_no_mark_and_no_truth(
    run: Callable[..., Path], make_pairs: Callable[..., list[Pair]], tmp_path: Path
) -> None:
    make_pairs(2)
    text = page(run(data=tmp_path))
    assert "\n## Effects of interventions\n\n### Change by interventions, mean over 2 images\n" in text
    assert "SAMPLE" not in text
    assert "one camera alone shows" not in text


def test_without_images_nothing_is_measured_and_nothing_said(
    run: Callable[..., Path], make_pairs: Callable[..., list[Pair]], tmp_path: Path
) -> None:
    make_pairs(1)
    work = run("effects.images=0", data=tmp_path)
    assert "ffects" not in page(work)
    assert not (work / "effects").exists()
    assert not (work / "report" / "effects.csv").exists()


def test_every_fusion_is_analysed_and_no_source() -> None:
    analysed = [row.name for row in experiment(None).analysed_rows]
    assert analysed == ["average", "maximum", "laplacian", "isfuse"]
    names = [name for name in stages(None) if name.startswith("effects/")]
    assert names == ["effects/average", "effects/maximum", "effects/laplacian", "effects/isfuse"]


def test_a_stage_needs_its_trained_network_or_reads_the_given_weights(weights: Path) -> None:
    trained = stages(None, fuser_options__isfuse__weights="train")["effects/isfuse"]
    assert trained.needs == ("prepare", "sample", "train_fusion/isfuse")
    assert trained.inputs == ()
    settings = {"fuser_options__isfuse__weights": str(weights), "data__split": "random"}
    given = stages(weights.parent, **settings)["effects/isfuse"]
    assert given.needs == ("prepare",)
    assert given.inputs == (weights,)
    assert trained.may_fail
    assert given.may_fail


def test_a_variant_of_the_network_is_analysed_like_the_network() -> None:
    ablation = experiment(None, "ablation")
    stage = next(stage for stage in quality_task(ablation).stages if stage.name == "effects/no_necessity")
    assert stage.needs == ("prepare", "sample", "train_fusion/no_necessity")
    assert stage.settings["scenes"] == ablation.settings.panels > 0


@pytest.mark.parametrize("change", [{"effects__seed": 1}, {"effects__images": 3}, {"panels": 1}, {"device": "cpu"}])
def test_what_decides_the_result_makes_a_stage_run_again(change: dict[str, object]) -> None:
    assert stages(None, **change)["effects/isfuse"].settings != stages(None)["effects/isfuse"].settings


def test_fewer_than_no_images_are_refused_before_anything_runs() -> None:
    with pytest.raises(InputError, match=r"effects\.images=-1: out of range \(expected 0, no analysis, or more\)"):
        stages(None, effects__images=-1)
