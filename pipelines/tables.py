"""Results of a task as tidy rows, on disk and as Markdown tables: the rows are the truth, a table is a view of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev
from textwrap import shorten
from typing import TypedDict

from fusion.files import write_csv, write_json
from fusion.markdown import Cell, markdown_lines
from pipelines.task_scores import TaskScores

# `class` is "all" or a class; `value` None is "not defined"; `n` counts test images (all) or what is true (one class).
# A failed run is one row of the metric that decides, with value None, status "failed" and the reason.
Row = TypedDict(
    "Row",
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
_LONGEST_COUNT = 10_000
_LONGEST_REASON = 120  # a longer one would push the other columns off the page


def write_rows(out_dir: Path, rows: Sequence[Row]) -> None:
    """Write results.csv (an undefined value is an empty field) and results.json, both in the order of `COLUMNS`."""
    ordered = [{name: row[name] for name in COLUMNS} for row in rows]  # type: ignore[literal-required]
    write_csv(out_dir / "results.csv", COLUMNS, [list(row.values()) for row in ordered])
    write_json(out_dir / "results.json", ordered)


def markdown_table(
    rows: Sequence[Row], task: TaskScores, fusers: Sequence[str], classes: Sequence[str], mark: str = ""
) -> str:
    """Tell how well each fuser did: one table over all classes, one with a column for each.

    Several seeds become mean ± standard deviation. The best of a column is bold, ties included.

    Args:
        rows: of one data set and one split.
        task: what was scored.
        fusers: one line each, in this order; all that occur in `rows`.
        classes: one column each of the second table, with the number of what is true there.
        mark: put before both headings.

    Raises:
        ValueError: `rows` mix data sets or splits, or hold a fuser that is not in `fusers`.
    """
    places = {(row["dataset"], row["split"]) for row in rows}
    missing = {row["fuser"] for row in rows} - set(fusers)
    if len(places) != 1 or missing:
        raise ValueError(f"expected one data set and split, found {places}; fusers without a line: {missing or 'none'}")
    dataset, split = places.pop()
    images = max(row["n"] for row in rows if row["class"] == "all")
    counts = {row["class"]: row["n"] for row in rows}
    heads = [f"{name} ({_short(counts[name])})" if name in counts else name for name in classes]
    means = [column(rows, fusers, metric) for metric in task.means]
    per_class = [column(rows, fusers, task.per_class, name) for name in classes]
    return (
        f"## {mark}{task.title} on {dataset}, split {split}, {images} test images\n\n"
        + markdown_lines(("fuser", *task.means.values()), [_line(rows, fuser, means) for fuser in fusers])
        + f"\n## {mark}{task.per_class} per class (number of {task.counted})\n\n"
        + markdown_lines(("fuser", *heads), [_line(rows, fuser, per_class) for fuser in fusers])
    )


def column(rows: Sequence[Row], fusers: Sequence[str], metric: str, class_name: str = "all") -> dict[str, Cell]:
    """Give the cell of every fuser for one metric.

    Equal is what prints equal. Zero is never best, nor is a fuser of which a run failed: its mean leaves out its
    worst seed.
    """
    values = {
        fuser: [
            row["value"]
            for row in rows
            if (row["fuser"], row["metric"], row["class"]) == (fuser, metric, class_name) and row["value"] is not None
        ]
        for fuser in fusers
    }
    means = {fuser: _three_digits(fmean(found)) for fuser, found in values.items() if found}
    whole = [float(mean) for fuser, mean in means.items() if not failures(rows, fuser)]
    cells = {}
    for fuser, found in values.items():
        spread = f" ± {_three_digits(stdev(found))}" if len(found) > 1 else ""
        best = fuser in means and not failures(rows, fuser) and float(means[fuser]) == max(whole) > 0
        cells[fuser] = Cell(means.get(fuser, "-") + spread, best)
    return cells


def mean_over_seeds(rows: Sequence[Row], metric: str) -> dict[str, float]:
    """Give by fuser the mean of a metric over all classes and the seeds that have one."""
    values: dict[str, list[float]] = {}
    for row in rows:
        if (row["metric"], row["class"]) == (metric, "all") and row["value"] is not None:
            values.setdefault(row["fuser"], []).append(row["value"])
    return {fuser: fmean(found) for fuser, found in values.items()}


def failures(rows: Sequence[Row], fuser: str | None = None) -> list[Row]:
    """List the failed runs, of one fuser or of all."""
    return [row for row in rows if row["status"] == "failed" and fuser in (None, row["fuser"])]


def failure(rows: Sequence[Row], fuser: str) -> str:
    """Say `failed: reason` when no run of the fuser has a result, else nothing."""
    if any(row["status"] == "ok" for row in rows if row["fuser"] == fuser):
        return ""
    reasons = dict.fromkeys(row["reason"] for row in failures(rows, fuser))
    return shorten(
        f"failed: {'; '.join(reasons)}" if reasons else "failed: no run", _LONGEST_REASON, placeholder=" ..."
    )


def fuser_label(rows: Sequence[Row], fuser: str) -> str:
    """Name the fuser, and how many seeds its numbers stand on when some of its runs failed."""
    failed = len({row["seed"] for row in failures(rows, fuser)})
    done = len({row["seed"] for row in rows if row["fuser"] == fuser and row["status"] == "ok"})
    return f"{fuser} ({done} of {done + failed} seeds)" if failed and done else fuser


def _line(rows: Sequence[Row], fuser: str, columns: Sequence[dict[str, Cell]]) -> list[str]:
    if failed := failure(rows, fuser):
        return [fuser, failed, *[""] * (len(columns) - 1)]
    cells = [cells[fuser] for cells in columns]
    return [fuser_label(rows, fuser), *(cell.bold for cell in cells)]


def _three_digits(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _short(count: int) -> str:
    return str(count) if count < _LONGEST_COUNT else f"{count / 1000:.0f}k"
