"""What one run scored, or why it did not, as rows of the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fusion.storage import read_json
from pipelines.report import Row
from pipelines.rows.runs import RunOf
from pipelines.rows.task_scores import TaskScores
from pipelines.stages import Inputs


def run_rows(run_of: RunOf, task: TaskScores, inputs: Inputs, dataset: str, split: str, images: int) -> list[Row]:
    """Read the scores that the stage of a run left behind.

    Args:
        run_of: which run.
        task: what it was for.
        inputs: of the stage that reports.
        dataset: name of the data, for the table.
        split: likewise.
        images: how many were to be scored.
    """
    stage = f"score_task/{run_of}"
    reason = inputs.failures.get(stage, "")
    nothing = {"metric": task.main, "class_name": "all", "value": None, "n": images}
    scores: list[dict[str, Any]] = [nothing] if reason else read_json(inputs[stage] / "scores.json")
    return as_rows(run_of, scores, dataset, split, reason)


def as_rows(
    run_of: RunOf, scores: Sequence[Mapping[str, Any]], dataset: str, split: str, reason: str = ""
) -> list[Row]:
    """Turn the scores of a run, each with the fields of `Score`, into rows; with a reason they are of a failed run."""
    return [
        {
            "fuser": run_of.fuser,
            "dataset": dataset,
            "split": split,
            "seed": run_of.seed,
            "metric": score["metric"],
            "class": score["class_name"],
            "value": score["value"],
            "n": score["n"],
            "status": "failed" if reason else "ok",
            "reason": reason,
        }
        for score in scores
    ]
