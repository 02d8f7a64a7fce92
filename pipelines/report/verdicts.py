"""The tables of differences to the baseline and of what can be concluded from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fusion.markdown import Cell
from fusion.storage import write_csv
from pipelines.report.elements import Table, TableRow
from pipelines.report.significance import RESAMPLES, Difference, ImageGroups, Resampled, differences
from pipelines.rows import Experiment, TaskScores

DIFFERENCE_COLUMNS = (
    *("metric", "class", "fuser", "baseline", "difference", "low", "high", "p", "p_holm", "detectable", "verdict"),
    "reason",
)


class Comparison(NamedTuple):
    """The differences to the baseline, and their tables."""

    found: list[Difference]
    tables: list[Table]


def write_comparison(
    out_dir: Path,
    experiment: Experiment,
    task: TaskScores,
    resampled: Mapping[str, Sequence[Resampled]],
    images: ImageGroups,
) -> Comparison:
    """Write differences.csv and return its tables; none if the baseline failed or has nothing to be compared with."""
    baseline = experiment.settings.baseline
    if baseline is None or baseline not in resampled or len(resampled) < 2:
        return Comparison([], [])
    found = differences(resampled, images, baseline)
    write_differences(out_dir / "differences.csv", found, baseline)
    left_out = [row for row in experiment.row_names if row not in resampled]
    note = explain(describe(images, experiment), len(resampled) - 1, len(experiment.settings.seeds), left_out)
    return Comparison(found, verdict_tables(found, task, baseline, note))


def describe(images: ImageGroups, experiment: Experiment) -> str:
    """Describe in words how the test images are drawn."""
    groups, named = images.groups_with("all"), experiment.settings.data.groups
    kind = f"{_counted(groups, 'group')} (data.groups {named})" if named else f"{_counted(groups, 'run')} of frames"
    return f"{_counted(len(images.groups), 'test image')} in {kind}"


def write_differences(path: Path, found: Sequence[Difference], baseline: str) -> None:
    """Write one CSV row per score and fuser; what is undefined is an empty field, with its reason in the last one."""
    write_csv(path, DIFFERENCE_COLUMNS, [difference_values(one, baseline) for one in found])


def difference_values(one: Difference, baseline: str) -> tuple[str | float | None, ...]:
    """Return a value for each of `DIFFERENCE_COLUMNS`."""
    numbers = (one.difference, one.low, one.high, one.p, one.p_holm, one.detectable)
    return (*one.name, one.fuser, baseline, *numbers, one.verdict, one.reason)


def explain(drawn: str, rows: int, seeds: int, left_out: Sequence[str]) -> str:
    """Say what intervals and verdicts cover.

    Args:
        drawn: from `describe`.
        rows: number of rows that are compared with the baseline.
        seeds: of every row.
        left_out: rows that are not compared.
    """
    note = (
        f"The uncertainty is that of {drawn}{f' and of {seeds} seeds' if seeds > 1 else ''}. "
        f"95 % intervals and p belong to one comparison alone (t distribution, {RESAMPLES} resamples); verdicts are at "
        f"5 % after Holm's adjustment for {_counted(rows, 'row')}. Detectable is the smallest true difference that "
        "this table would have told from 0 with 80 % probability."
    )
    if seeds == 1:
        note += " One seed: nothing here covers how much another training run would change."
    return f"{note} Left out, since a run failed: {', '.join(left_out)}." if left_out else note


def verdict_tables(found: Sequence[Difference], task: TaskScores, baseline: str, note: str) -> list[Table]:
    """Build a table for every metric over all classes, and one with a column per class.

    Args:
        found: from `differences`.
        task: what was scored.
        baseline: name of the row that all others are compared with.
        note: from `explain`.
    """
    overall = [one for one in found if one.name.class_name == "all"]
    metrics = list(dict.fromkeys(one.name.metric for one in overall))
    tables = [
        overall_table(
            [one for one in overall if one.name.metric == metric],
            task.means[metric],
            baseline,
            note if metric == metrics[0] else "",
        )
        for metric in metrics
    ]
    return [*tables, _by_class([one for one in found if one.name.class_name != "all"], task.per_class, baseline)]


def overall_table(found: Sequence[Difference], heading: str, baseline: str, note: str = "") -> Table:
    """Build the table of one metric: differences with intervals, p values and verdicts.

    Args:
        found: from `differences`, of the metric alone.
        heading: of the metric.
        baseline: name of the row that all others are compared with.
        note: below the table.
    """
    rows = [
        TableRow(
            one.fuser,
            [
                Cell(_signed(one.difference), False),
                Cell("-" if one.low is None else f"{_signed(one.low)} to {_signed(one.high)}", False),
                Cell(_probability(one.p), False),
                Cell(_probability(one.p_holm), False),
                Cell(f"{one.verdict} ({one.reason})" if one.reason else one.verdict, one.verdict == "better"),
                Cell("-" if one.detectable is None else f"{one.detectable:.3f}", False),
            ],
        )
        for one in found
    ]
    heads = [f"{heading} above {baseline}", "95 % interval", "p", "p (Holm)", "verdict", "detectable"]
    return Table(f"More than chance? {heading}", "fuser", heads, rows, note=note)


def _by_class(found: Sequence[Difference], metric: str, baseline: str) -> Table:
    classes = list(dict.fromkeys(one.name.class_name for one in found))
    rows = [
        TableRow(fuser, [difference_cell(one) for one in found if one.fuser == fuser])
        for fuser in dict.fromkeys(one.fuser for one in found)
    ]
    reasons: dict[str, dict[str, None]] = {}
    for one in found:
        if one.reason:
            reasons.setdefault(one.reason, {})[one.name.class_name] = None
    said = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in reasons.items())
    note = f"Without a verdict: {said}." if said else ""
    return Table(f"More than chance? {metric} above {baseline} by class", "fuser", classes, rows, note=note)


def difference_cell(one: Difference) -> Cell:
    """Return a difference, with its verdict if that tells the two rows apart."""
    told = one.verdict in ("better", "worse")
    return Cell(_signed(one.difference) + (f" {one.verdict}" if told else ""), one.verdict == "better")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _probability(value: float | None) -> str:
    return "-" if value is None else "<.001" if value < 0.001 else f"{value:.3f}".removeprefix("0")
