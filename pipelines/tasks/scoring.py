"""The stage that measures the fused test images of one fuser, and what the report gathers from all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fusion.metrics import choose_metrics
from fusion.scoring import ImageScores, score_folder
from fusion.storage import read_json, write_json
from pipelines.config import Settings
from pipelines.rows import load_pairs
from pipelines.stages import Inputs, Stage, Summary

_SCORES = "scores.json"


@dataclass(frozen=True)
class FusionScores:
    """The scores of every fused test image under one convention, and by fuser why there are none."""

    convention: str
    rows: list[ImageScores]
    failed: dict[str, str]


def scoring_stage(settings: Settings, fuser: str) -> Stage:
    """Give the stage that measures the fused test images by the metrics of the settings.

    Raises:
        InputError: unknown metric or convention.
    """
    metrics = settings["metrics"]
    names = [metric.name for metric in choose_metrics(metrics["names"] or None, metrics["convention"])]

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        pairs, fused_dir = load_pairs(inputs["prepare"], "test"), inputs[f"fuse/{fuser}"] / "images"
        scores = score_folder(fuser, pairs, fused_dir, out_dir, names, metrics["convention"], settings["device"])
        write_json(out_dir / _SCORES, [asdict(row) for row in scores])
        return {"images": len(scores)}

    decisive = {"names": names, "convention": metrics["convention"], "device": settings["device"]}
    return Stage(f"score_fusion/{fuser}", run, decisive, needs=("prepare", f"fuse/{fuser}"), may_fail=True)


def load_fusion_scores(settings: Settings, fusers: Sequence[str], inputs: Inputs) -> FusionScores:
    """Gather what the stages of all fusers left behind."""
    stages = {fuser: f"score_fusion/{fuser}" for fuser in fusers}
    done = [stage for stage in stages.values() if stage not in inputs.failures]
    rows = [ImageScores(**row) for stage in done for row in read_json(inputs[stage] / _SCORES)]
    failed = {fuser: inputs.failures[stage] for fuser, stage in stages.items() if stage in inputs.failures}
    return FusionScores(settings["metrics"]["convention"], rows, failed)
