"""Which tables a report shows of the results of a task."""

from __future__ import annotations

from collections.abc import Sequence

from fusion.markdown import Cell
from pipelines.report.table import Line, Table
from pipelines.report.tables import Row, column, failure, fuser_label
from pipelines.rows import TaskScores

_LONGEST_COUNT = 10_000


def result_tables(
    rows: Sequence[Row], task: TaskScores, fusers: Sequence[str], classes: Sequence[str]
) -> tuple[Table, Table]:
    """Tell how well each fuser did: one table over all classes, one with a column for each.

    Several seeds become mean ± standard deviation. The best of a column is marked, ties included.

    Args:
        rows: of one data set and one split.
        task: what was scored.
        fusers: one line each, in this order; all that occur in `rows`.
        classes: one column each of the second table, with the number of what is true there.

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
    heading = f"{task.title} on {dataset}, split {split}, {images} test images"
    return (
        Table(heading, "fuser", list(task.means.values()), _lines(rows, fusers, means)),
        Table(
            f"{task.per_class} per class (number of {task.counted})", "fuser", heads, _lines(rows, fusers, per_class)
        ),
    )


def daytime_table(rows: Sequence[Row], failed: Sequence[Row], task: TaskScores, fusers: Sequence[str]) -> Table:
    """Tell how well each fuser did by day and by night.

    Args:
        rows: from `daytime_rows`.
        failed: the rows of failed runs.
        task: what was scored.
        fusers: one line each, in this order.
    """
    heads, columns = [], []
    for split in dict.fromkeys(row["split"] for row in rows):
        part = [row for row in rows if row["split"] == split]
        images = max(row["n"] for row in part if row["class"] == "all")
        for metric in list(task.means)[:2]:
            heads.append(f"{split.rpartition(', ')[2]} ({images}): {task.means[metric]}")
            columns.append(column([*part, *failed], fusers, metric))
    return Table(
        "By day and by night (number of test images)", "fuser", heads, _lines([*rows, *failed], fusers, columns)
    )


def _lines(rows: Sequence[Row], fusers: Sequence[str], columns: Sequence[dict[str, Cell]]) -> list[Line]:
    return [
        Line(fuser, [], failed)
        if (failed := failure(rows, fuser))
        else Line(fuser_label(rows, fuser), [cells[fuser] for cells in columns])
        for fuser in fusers
    ]


def _short(count: int) -> str:
    return str(count) if count < _LONGEST_COUNT else f"{count / 1000:.0f}k"
