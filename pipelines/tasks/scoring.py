"""The last stages of a pipeline: the fusion metrics of every row's test images, and the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fusion.scoring import code_of_metrics
from fusion.stress import Condition
from pipelines.rows import Experiment, FuserRow, cost_stage, load_pairs, stress_stage
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks.stress import fused_under


def metric_stages(experiment: Experiment) -> list[Stage]:
    """Return the stages that measure the fused test images of every row; with several seeds, those of the first."""
    return [_metric_stage(experiment, row.name) for row in experiment.fused_rows]


def _metric_stage(experiment: Experiment, row: str) -> Stage:
    metrics, device = experiment.settings.metrics, experiment.settings.device
    fused = f"fuse/{experiment.shown_fusion(row)}"

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from fusion.scoring import score_folder
        from pipelines.rows import save_fusion_scores

        pairs, fused_dir = load_pairs(inputs["prepare"], "test"), inputs[fused] / "images"
        scores = score_folder(row, pairs, fused_dir, out_dir, list(metrics.names), metrics.convention, device)
        save_fusion_scores(out_dir, scores)
        return {"images": len(scores)}

    return Stage(f"score_fusion/{row}", run, _measuring(experiment), needs=("prepare", fused), may_fail=True)


def stressed_metric_stages(experiment: Experiment) -> list[Stage]:
    """Return the stages that measure the fused images of disturbed pairs against the clean ones."""
    rows, conditions = experiment.stressed_fusions, experiment.settings.stress.conditions
    return [_stressed_stage(experiment, row, condition) for row in rows for condition in conditions]


def _stressed_stage(experiment: Experiment, row: FuserRow, condition: Condition) -> Stage:
    settings = experiment.settings
    metrics, device = settings.metrics, settings.device

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from fusion.scoring import score_folder
        from pipelines.rows import save_fusion_scores

        pairs = load_pairs(inputs["prepare"], "test")
        with fused_under(row, condition, settings.stress.seed, pairs, inputs, out_dir) as images:
            folder = images[0].parent
            scores = score_folder(row.name, pairs, folder, folder, list(metrics.names), metrics.convention, device)
        save_fusion_scores(out_dir, scores)
        return {"images": len(scores)}

    changed = {"condition": str(condition), "seed": settings.stress.seed}
    key = {"images": row.key, **changed, **_measuring(experiment)}
    files = (*row.inputs, *([condition.file] if condition.file else []))
    return Stage(stress_stage(row.name, condition), run, key, ("prepare", *row.needs), files, may_fail=True)


def _measuring(experiment: Experiment) -> dict[str, Any]:
    """Return what decides the scores of images, as JSON values."""
    metrics, device = experiment.settings.metrics, experiment.settings.device
    return {"names": metrics.names, "convention": metrics.convention, "device": device, "code": code_of_metrics()}


def task_report_stage(experiment: Experiment, write: Callable[[Path, Experiment, Inputs], None]) -> Stage:
    """Return the stage that writes the report of a detection or segmentation pipeline.

    A failed run is a row of the report, with its reason.

    Args:
        experiment: what is reported.
        write: writes the report into a folder.
    """

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        write(out_dir, experiment, inputs)
        return {"failed": [str(run_id) for run_id in experiment.runs if run_id.scoring_stage in inputs.failures]}

    needs = ["prepare"]
    needs += [f"score_fusion/{row.name}" for row in experiment.fused_rows]
    needs += [stage for row in experiment.fusions for stage in row.needs]
    for run_id in experiment.runs:
        row, trainings = experiment.row(run_id.fuser), experiment.trainings(run_id)
        needs += [f"fuse/{experiment.fusion_of(run_id)}"] if row.trains else []
        needs.append(run_id.scoring_stage)
        for training in trainings:
            needs += [training.training_stage, training.scoring_stage] if row.trains else [training.scoring_stage]
    needs += [cost_stage(row.name) for row in experiment.rows if experiment.is_timed(row)]
    settings = experiment.settings
    conditions = settings.stress.conditions
    needs += [stress_stage(run_id, condition) for run_id in experiment.stressed_runs for condition in conditions]
    key = {
        "name": settings.name,
        "panels": settings.panels,
        "baseline": settings.baseline,
        "groups": settings.data.groups,
    }
    return Stage("report", run, key, needs=tuple(dict.fromkeys(needs)), version=6)
