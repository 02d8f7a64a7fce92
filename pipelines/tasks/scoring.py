"""The last stages of a pipeline: the fusion metrics of every row's test images, and the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pipelines.rows import Experiment, load_pairs
from pipelines.stages import Inputs, Stage, Summary


def scoring_stage(experiment: Experiment, row: str) -> Stage:
    """Return the stage that measures the fused test images of one row."""
    metrics, device = experiment.settings.metrics, experiment.settings.device

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from fusion.scoring import score_folder
        from pipelines.rows import save_fusion_scores

        pairs, fused_dir = load_pairs(inputs["prepare"], "test"), inputs[f"fuse/{row}"] / "images"
        scores = score_folder(row, pairs, fused_dir, out_dir, list(metrics.names), metrics.convention, device)
        save_fusion_scores(out_dir, scores)
        return {"images": len(scores)}

    key = {"names": metrics.names, "convention": metrics.convention, "device": device}
    return Stage(f"score_fusion/{row}", run, key, needs=("prepare", f"fuse/{row}"), may_fail=True)


def task_report_stage(
    experiment: Experiment, row_stages: Sequence[str], write: Callable[[Path, Experiment, Inputs], None]
) -> Stage:
    """Return the stage that writes the report of a detection or segmentation pipeline.

    A failed run is a row of the report, with its reason.

    Args:
        experiment: what is reported.
        row_stages: the stages of every row that the report reads, such as "fuse".
        write: writes the report into a folder.
    """

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        write(out_dir, experiment, inputs)
        return {"failed": [str(run_id) for run_id in experiment.runs if run_id.scoring_stage in inputs.failures]}

    of_rows = [f"{stage}/{row}" for row in experiment.row_names for stage in row_stages]
    of_runs = [stage for run_id in experiment.runs for stage in (run_id.training_stage, run_id.scoring_stage)]
    settings = experiment.settings
    key = {"name": settings.name, "panels": settings.panels, "baseline": settings.baseline}
    return Stage("report", run, key, needs=("prepare", *of_rows, *of_runs), version=3)
