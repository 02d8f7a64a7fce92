"""The scores of all runs as tidy rows: results.csv is the truth, every table is a view of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, TypedDict

from fusion.storage import read_json, write_csv, write_json
from pipelines.rows.runs import RunId
from pipelines.rows.task_results import SCORES
from pipelines.rows.task_scores import TaskScores
from pipelines.stages import Inputs

# `class` is "all" or a class; `value` is None where the metric is undefined; `n` counts test images ("all") or the
# ground truth of one class. A failed run is one row of the main metric: value None, status "failed", and the reason.
ResultRow = TypedDict(
    "ResultRow",
    {
        "fuser": str,
        "dataset": str,
        "split": str,
        "seed": int,
        "metric": str,
        "class": str,
        "value": float | None,
        "n": int,
        "status": str,
        "reason": str,
    },
)
COLUMNS = ("fuser", "dataset", "split", "seed", "metric", "class", "value", "n", "status", "reason")


def run_rows(
    run_id: RunId, task: TaskScores, inputs: Inputs, dataset: str, split: str, images: int, stage: str | None = None
) -> list[ResultRow]:
    """Read the scores of a run, or the reason why it has none.

    Args:
        run_id: which run.
        task: its task.
        inputs: of the report stage.
        dataset: name of the data set in the tables.
        split: name of the split in the tables.
        images: number of test images.
        stage: which scored the run; None for that of the clean test images.
    """
    stage = stage or run_id.scoring_stage
    reason = inputs.failures.get(stage, "")
    nothing = {"metric": task.main, "class_name": "all", "value": None, "n": images}
    scores: list[dict[str, Any]] = [nothing] if reason else read_json(inputs[stage] / SCORES)
    return score_rows(run_id, scores, dataset, split, reason)


def score_rows(
    run_id: RunId, scores: Sequence[Mapping[str, Any]], dataset: str, split: str, reason: str = ""
) -> list[ResultRow]:
    """Turn the scores of a run, each with the fields of `Score`, into rows; with a reason, of a failed run."""
    return [
        {
            "fuser": run_id.fuser,
            "dataset": dataset,
            "split": split,
            "seed": run_id.seed,
            "metric": score["metric"],
            "class": score["class_name"],
            "value": score["value"],
            "n": score["n"],
            "status": "failed" if reason else "ok",
            "reason": reason,
        }
        for score in scores
    ]


def write_results(out_dir: Path, rows: Sequence[ResultRow], name: str = "results") -> None:
    """Write NAME.csv (an undefined value is an empty field) and NAME.json, both in the order of `COLUMNS`."""
    ordered = [{key: row[key] for key in COLUMNS} for row in rows]  # type: ignore[literal-required]
    write_csv(out_dir / f"{name}.csv", COLUMNS, [list(row.values()) for row in ordered])
    write_json(out_dir / f"{name}.json", ordered)


def mean_over_seeds(rows: Sequence[ResultRow], metric: str) -> dict[str, float]:
    """Return the mean of a metric over all classes and the seeds that have a value, by row name."""
    values: dict[str, list[float]] = {}
    for row in rows:
        if (row["metric"], row["class"]) == (metric, "all") and row["value"] is not None:
            values.setdefault(row["fuser"], []).append(row["value"])
    return {fuser: fmean(found) for fuser, found in values.items()}


def failures(rows: Sequence[ResultRow], fuser: str | None = None) -> list[ResultRow]:
    """List the failed runs of one row, or of all."""
    return [row for row in rows if row["status"] == "failed" and fuser in (None, row["fuser"])]
