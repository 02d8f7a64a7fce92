"""Results of a task as tidy rows, on disk and as cells: the rows are the truth, a table is a view of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev
from textwrap import shorten
from typing import TypedDict

from fusion.markdown import Cell
from fusion.storage import write_csv, write_json

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
_LONGEST_REASON = 120  # a longer one would push the other columns off the page


def write_rows(out_dir: Path, rows: Sequence[Row], name: str = "results") -> None:
    """Write `name`.csv (an undefined value is an empty field) and `name`.json, both in the order of `COLUMNS`."""
    ordered = [{key: row[key] for key in COLUMNS} for row in rows]  # type: ignore[literal-required]
    write_csv(out_dir / f"{name}.csv", COLUMNS, [list(row.values()) for row in ordered])
    write_json(out_dir / f"{name}.json", ordered)


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


def _three_digits(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
