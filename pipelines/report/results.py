"""The result tables of a report: every row of a comparison by metric, by class, and by day and night."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean, stdev
from textwrap import shorten

from fusion.markdown import Cell
from pipelines.report.elements import Table, TableRow
from pipelines.rows import ResultRow, RunId, SubsetScorer, TaskScores, failures, score_rows

_LONGEST_REASON = 120  # characters; a longer one would push the other columns off the page
_LONGEST_COUNT = 10_000
_DAYTIMES = {"day": "D", "night": "N"}  # last letter of MSRS's file names


def result_tables(
    rows: Sequence[ResultRow],
    task: TaskScores,
    fusers: Sequence[str],
    classes: Sequence[str],
    before: Mapping[str, Mapping[str, str]] | None = None,
    after: Mapping[str, Mapping[str, str]] | None = None,
    note: str = "",
) -> tuple[Table, Table]:
    """Build the two main tables: one of the means over all classes, one with a column per class.

    Several seeds become mean ± standard deviation. The best of a column is marked, ties included.

    Args:
        rows: of one data set and one split.
        task: what was scored.
        fusers: one table row each, in this order; every fuser of `rows` is among them.
        classes: one column each of the second table, headed by the number of ground-truth objects or pixels.
        before: columns of the first table before the scores, each a text by fuser.
        after: likewise, after the scores.
        note: a sentence below the first table.

    Raises:
        ValueError: `rows` mix data sets or splits, or hold a fuser that is not in `fusers`.
    """
    places = {(row["dataset"], row["split"]) for row in rows}
    missing = {row["fuser"] for row in rows} - set(fusers)
    if len(places) != 1 or missing:
        raise ValueError(f"expected one data set and split, found {places}; fusers without a row: {missing or 'none'}")
    dataset, split = places.pop()
    images = max(row["n"] for row in rows if row["class"] == "all")
    counts = {row["class"]: row["n"] for row in rows}
    heads = [f"{name} ({_short(counts[name])})" if name in counts else name for name in classes]
    means = [column(rows, fusers, metric) for metric in task.means]
    per_class = [column(rows, fusers, task.per_class, name) for name in classes]
    heading = f"{task.title} on {dataset}, split {split}, {images} test images"
    before, after = before or {}, after or {}
    left, right = (
        [{fuser: Cell(of.get(fuser, "-"), False) for fuser in fusers} for of in texts.values()]
        for texts in (before, after)
    )
    per_class_heading = f"{task.per_class} per class (number of {task.counted})"
    return (
        Table(
            heading,
            "fuser",
            [*before, *task.means.values(), *after],
            _table_rows(rows, fusers, [*left, *means, *right]),
            note=note,
        ),
        Table(per_class_heading, "fuser", heads, _table_rows(rows, fusers, per_class)),
    )


def column(rows: Sequence[ResultRow], fusers: Sequence[str], metric: str, class_name: str = "all") -> dict[str, Cell]:
    """Return the cell of every fuser for one metric.

    Values that print alike count as equal. A score of zero is never marked best, nor is a fuser with a failed run,
    whose mean may lack its worst seed.
    """
    values = {
        fuser: [
            row["value"]
            for row in rows
            if (row["fuser"], row["metric"], row["class"]) == (fuser, metric, class_name) and row["value"] is not None
        ]
        for fuser in fusers
    }
    means = {fuser: three_digits(fmean(found)) for fuser, found in values.items() if found}
    complete = [float(mean) for fuser, mean in means.items() if not failures(rows, fuser)]
    cells = {}
    for fuser, found in values.items():
        spread = f" ± {three_digits(stdev(found))}" if len(found) > 1 else ""
        best = fuser in means and not failures(rows, fuser) and float(means[fuser]) == max(complete) > 0
        cells[fuser] = Cell(means.get(fuser, "-") + spread, best)
    return cells


def failure(rows: Sequence[ResultRow], fuser: str) -> str:
    """Return "failed: REASON" if no run of the fuser has a result, else ""."""
    if any(row["status"] == "ok" for row in rows if row["fuser"] == fuser):
        return ""
    reasons = dict.fromkeys(row["reason"] for row in failures(rows, fuser))
    return shorten(
        f"failed: {'; '.join(reasons)}" if reasons else "failed: no run", _LONGEST_REASON, placeholder=" ..."
    )


def fuser_label(rows: Sequence[ResultRow], fuser: str) -> str:
    """Return the fuser's name, with the number of seeds behind its scores if some of its runs failed."""
    failed = len({row["seed"] for row in failures(rows, fuser)})
    done = len({row["seed"] for row in rows if row["fuser"] == fuser and row["status"] == "ok"})
    return f"{fuser} ({done} of {done + failed} seeds)" if failed and done else fuser


def daytimes(stems: Iterable[str]) -> dict[str, list[str]]:
    """Split image stems into day and night by the last letter, as MSRS names its files.

    Returns:
        The stems by "day" and "night"; empty unless every stem ends in D or N and both occur.

    Example:
        >>> daytimes(["00001D", "00002N", "00003D"])
        {'day': ['00001D', '00003D'], 'night': ['00002N']}
        >>> daytimes(["00001D", "00002"])
        {}
    """
    known = list(stems)
    parts = {name: [stem for stem in known if stem.endswith(letter)] for name, letter in _DAYTIMES.items()}
    told = sum(map(len, parts.values())) == len(known)
    return parts if told and all(parts.values()) else {}


def daytime_rows(
    parts: Mapping[str, Sequence[str]], scorers: Mapping[RunId, SubsetScorer], dataset: str, split: str
) -> list[ResultRow]:
    """Score every run on the day images and on the night images; the part follows the name of the split.

    Args:
        parts: from `daytimes`.
        scorers: score some of the test images, by run.
        dataset: name of the data set in the tables.
        split: name of the split in the tables.
    """
    return [
        row
        for part, stems in parts.items()
        for run_id, score in scorers.items()
        for row in score_rows(run_id, [asdict(one) for one in score(stems)], dataset, f"{split}, {part}")
    ]


def daytime_table(
    rows: Sequence[ResultRow], failed: Sequence[ResultRow], task: TaskScores, fusers: Sequence[str]
) -> Table:
    """Build the table of scores by day and by night.

    Args:
        rows: from `daytime_rows`.
        failed: the rows of failed runs.
        task: what was scored.
        fusers: one table row each, in this order.
    """
    heads, columns = [], []
    for split, part, images in _by_split(rows):
        for metric in list(task.means)[:2]:
            heads.append(f"{split.rpartition(', ')[2]} ({images}): {task.means[metric]}")
            columns.append(column([*part, *failed], fusers, metric))
    table_rows = _table_rows([*rows, *failed], fusers, columns)
    return Table("By day and by night (number of test images)", "fuser", heads, table_rows)


def fold_table(rows: Sequence[ResultRow], task: TaskScores, fusers: Sequence[str]) -> Table:
    """Build the table of the main metric by fold, with a note on classes that a fold has no ground truth of.

    Args:
        rows: of all folds, each a split of its own.
        task: what was scored.
        fusers: one table row each, in this order.
    """
    heads, columns, absent = [], [], []
    for fold, part, images in _by_split(rows):
        heads.append(f"{fold} ({images})")
        columns.append(column(part, fusers, task.main))
        missing = dict.fromkeys(row["class"] for row in part if row["class"] != "all" and not row["n"])
        absent += [f"{fold} has no {' and no '.join(missing)}"] if missing else []
    note = f"A mean leaves out classes without ground truth: {', '.join(absent)}." if absent else ""
    heading = f"{task.means[task.main]} by fold (number of test images)"
    return Table(heading, "fuser", heads, _table_rows(rows, fusers, columns), note=note)


def _by_split(rows: Sequence[ResultRow]) -> Iterator[tuple[str, list[ResultRow], int]]:
    """Yield every split, its rows, and its number of test images."""
    for split in dict.fromkeys(row["split"] for row in rows):
        part = [row for row in rows if row["split"] == split]
        yield split, part, max(row["n"] for row in part if row["class"] == "all")


def _table_rows(rows: Sequence[ResultRow], fusers: Sequence[str], columns: Sequence[dict[str, Cell]]) -> list[TableRow]:
    return [
        TableRow(fuser, [], failed)
        if (failed := failure(rows, fuser))
        else TableRow(fuser_label(rows, fuser), [cells[fuser] for cells in columns])
        for fuser in fusers
    ]


def three_digits(value: float) -> str:
    """Return a score with three decimals and, below 1, no leading zero."""
    return f"{value:.3f}".removeprefix("0")


def _short(count: int) -> str:
    return str(count) if count < _LONGEST_COUNT else f"{count / 1000:.0f}k"
