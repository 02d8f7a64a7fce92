"""The fusion metrics of all rows, as their scoring stages left them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fusion.scoring import ImageScores
from fusion.storage import read_json, write_json
from pipelines.stages import Inputs

_SCORES = "scores.json"


@dataclass(frozen=True)
class FusionScores:
    """The scores of every fused test image under one convention, and why a row has none, by row."""

    convention: str
    rows: list[ImageScores]
    failed: dict[str, str]


def save_fusion_scores(folder: Path, scores: Sequence[ImageScores]) -> None:
    """Write the scores of one row into the folder of its stage."""
    write_json(folder / _SCORES, [asdict(row) for row in scores])


def load_image_scores(folder: Path) -> list[ImageScores]:
    """Read what `save_fusion_scores` wrote."""
    return [ImageScores(**row) for row in read_json(folder / _SCORES)]


def load_fusion_scores(names: Sequence[str], convention: str, inputs: Inputs) -> FusionScores:
    """Collect the scores of all rows.

    Args:
        names: of the rows.
        convention: of the metrics.
        inputs: hold the stages score_fusion/NAME, finished or failed.
    """
    stages = {name: f"score_fusion/{name}" for name in names}
    done = [stage for stage in stages.values() if stage not in inputs.failures]
    rows = [row for stage in done for row in load_image_scores(inputs[stage])]
    failed = {name: inputs.failures[stage] for name, stage in stages.items() if stage in inputs.failures}
    return FusionScores(convention, rows, failed)
