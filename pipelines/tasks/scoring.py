"""The stages that measure the fusion metrics of every row's test images."""

from __future__ import annotations

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
