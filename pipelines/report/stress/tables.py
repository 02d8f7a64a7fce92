"""The tables of a bad day, and the sentence before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fusion.markdown import Cell
from pipelines.report.elements import Table, TableRow
from pipelines.report.results import column, three_digits
from pipelines.report.significance import Difference
from pipelines.report.stress.scores import MEAN, Scores
from pipelines.report.verdicts import difference_cell
from pipelines.rows import TaskScores


def score_table(scores: Scores, intervals: Mapping[str, tuple[float, float]], task: TaskScores, note: str) -> Table:
    """Build the table of scores: one row per fuser, one column per condition, then their means and what is retained.

    Args:
        scores: of the main metric.
        intervals: of what is retained, by row.
        task: what was scored.
        note: below the table.
    """
    cells = {row: list[Cell]() for row in scores.names}
    for name, weights in scores.columns.items():
        one = next(iter(weights))
        if len(weights) == 1:  # with the spread over seeds
            found = column(scores.tested.rows[one], scores.names, scores.metric)
        else:
            found = _means(scores, name)
        for row in scores.names:
            cells[row].append(found[row])
    kept = {row: scores.retained(row) for row in scores.names}
    most = max((value for value in kept.values() if value is not None), default=None)
    for row, value in kept.items():
        cells[row].append(Cell(_share(value, intervals.get(row)), value is not None and value == most))
    rows = [TableRow(row, cells[row]) for row in scores.names]
    heads = [*scores.columns, "retained"]
    return Table(f"{task.means[task.main]} by condition", "fuser", heads, rows, note=note)


def verdict_table(compared: Mapping[str, Sequence[Difference]], task: TaskScores, baseline: str) -> Table:
    """Build the table of differences to the baseline, with a column per condition and their means."""
    by_column = {name: {one.fuser: one for one in found} for name, found in compared.items()}
    rows = dict.fromkeys(row for found in by_column.values() for row in found)
    nothing = Cell("-", False)
    table_rows = [
        TableRow(row, [difference_cell(found[row]) if row in found else nothing for found in by_column.values()])
        for row in rows
    ]
    heading = f"More than chance? {task.means[task.main]} above {baseline} by condition"
    note = (
        "Verdicts are adjusted for the number of rows, not for that of conditions; intervals: stress_differences.csv."
    )
    return Table(heading, "fuser", list(by_column), table_rows, note=note)


def sentence(
    scores: Scores, compared: Mapping[str, Sequence[Difference]], task: TaskScores, baseline: str | None
) -> str:
    """Say which row scores highest over all conditions, whether that is more than chance, and which retains most."""
    means = {row: value for row in scores.names if (value := scores.of(MEAN, row)) is not None}
    if not means or max(means.values()) <= 0:
        return "No row was tested under all conditions with a score above 0."
    best = max(means, key=lambda row: means[row])
    found = next((one for one in compared.get(MEAN, ()) if one.fuser == best), None)
    verdict = ""
    if found and found.difference is not None and found.low is not None:
        verdict = f", {found.difference:+.3f} [{found.low:+.3f}, {found.high:+.3f}] above {baseline}: {found.verdict}"
    metric = task.means[task.main]
    said = f"Highest {metric} over {_counted(scores)}: {best}, {three_digits(means[best])}{verdict}."
    kept = {row: value for row in scores.names if (value := scores.retained(row)) is not None}
    if kept:
        most = max(kept, key=lambda row: kept[row])
        said += f" It retains {100 * kept[best]:.0f} % of its clean score"
        said += "." if most == best else f"; {most} retains most, {100 * kept[most]:.0f} %."
    return said


def _counted(scores: Scores) -> str:
    count = len(scores.columns[MEAN])
    return f"the {count} conditions" if count > 1 else "the condition"


def _means(scores: Scores, name: str) -> dict[str, Cell]:
    values = {row: scores.of(name, row) for row in scores.names}
    texts = {row: "-" if value is None else three_digits(value) for row, value in values.items()}
    best = max((float(text) for text in texts.values() if text != "-"), default=0.0)
    return {row: Cell(text, text != "-" and float(text) == best > 0) for row, text in texts.items()}


def _share(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return "-"
    bounds = f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else ""
    return f"{value:.2f}{bounds}"
