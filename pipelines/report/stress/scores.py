"""The scores of rows under conditions: means over conditions, what is retained of the clean score, resamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from fusion.stress import Condition
from pipelines.report.significance import RESAMPLES, Counts, Floats, ImageGroups, Resampled, draw_groups
from pipelines.rows import ResultRow, mean_over_seeds

CLEAN, MEAN, FAILURE = "clean", "mean of conditions", "a camera fails, p = .1"
_P = 0.1
_BLACK = (Condition("without_infrared", 1), Condition("without_visible", 1))
Weights = Mapping[Condition | None, float]  # of a weighted mean; None stands for the clean images


def columns_of(conditions: Sequence[Condition]) -> dict[str, Weights]:
    """Return what the columns of a table average: clean, each condition, their mean, and a camera that may fail.

    The last one is there if both cameras are black in some condition: with probability .1 one of them is.
    """
    columns: dict[str, Weights] = {CLEAN: {None: 1.0}, **{one.label: {one: 1.0} for one in conditions}}
    columns[MEAN] = {one: 1 / len(conditions) for one in conditions}
    if set(_BLACK) <= set(conditions):
        columns[FAILURE] = {None: 1 - _P, **dict.fromkeys(_BLACK, _P / 2)}
    return columns


class ByCondition(NamedTuple):
    """What the stages left behind, by condition; None stands for the clean images.

    Attributes:
        rows: the scores of every run, or why it has none.
        resampled: by row, one per seed; a row with a failed run is left out.
    """

    rows: Mapping[Condition | None, list[ResultRow]]
    resampled: Mapping[Condition | None, Mapping[str, list[Resampled]]]


@dataclass(frozen=True)
class Scores:
    """The mean scores over seeds of rows by column.

    Attributes:
        tested: what they are the scores of.
        columns: from `columns_of`.
        metric: which one, over all classes.
    """

    tested: ByCondition
    columns: Mapping[str, Weights]
    metric: str

    @cached_property
    def names(self) -> list[str]:
        """The rows, in the order of the table."""
        return list(dict.fromkeys(row["fuser"] for row in self.tested.rows[None]))

    @cached_property
    def _means(self) -> dict[Condition | None, dict[str, float]]:
        complete = {one: self._complete(rows) for one, rows in self.tested.rows.items()}
        return {one: mean_over_seeds(rows, self.metric) for one, rows in complete.items()}

    def _complete(self, rows: Sequence[ResultRow]) -> list[ResultRow]:
        failed = {row["fuser"] for row in rows if row["status"] == "failed"}
        return [row for row in rows if row["fuser"] not in failed]

    def of(self, column: str, row: str) -> float | None:
        """Return a score; None if a run failed in one of its conditions."""
        weights = self.columns[column]
        if any(row not in self._means[one] for one in weights):
            return None
        return sum(weight * self._means[one][row] for one, weight in weights.items())

    def retained(self, row: str) -> float | None:
        """Return the mean of the conditions divided by the clean score; None if either is missing or the latter 0."""
        mean, clean = self.of(MEAN, row), self.of(CLEAN, row)
        return mean / clean if mean is not None and clean else None

    def grid(self, conditions: Sequence[Condition]) -> dict[str, dict[str, float | None]]:
        """Return the scores by row, clean and under each condition."""
        return {
            row: {name: self.of(name, row) for name in (CLEAN, *(c.label for c in conditions))} for row in self.names
        }

    def by_severity(self, conditions: Sequence[Condition]) -> dict[str, dict[str, dict[float, float]]]:
        """Return score by severity by row, for every kind of condition with two or more; clean is severity 0."""
        curves = {}
        for kind in dict.fromkeys(one.name for one in conditions):
            points = {one.severity: one for one in conditions if one.name == kind}
            by_severity = {0.0: None, **{severity: points[severity] for severity in sorted(points) if severity}}
            if len(points) > 1:
                curves[kind.rpartition(":")[2].replace("_", " ")] = {
                    row: {severity: self._means[one][row] for severity, one in by_severity.items()}
                    for row in self.names
                    if all(row in self._means[one] for one in by_severity.values())
                }
        return curves


def combine(tested: ByCondition, weights: Weights) -> dict[str, list[Resampled]]:
    """Return resamples of a weighted mean, by row, one per seed; rows that lack a part are left out."""
    parts = [tested.resampled[one] for one in weights]
    rows = [row for row in parts[0] if all(row in part for part in parts)]
    return {
        row: [
            _weighted(of_seed, list(weights.values())) for of_seed in zip(*(part[row] for part in parts), strict=True)
        ]
        for row in rows
    }


def _weighted(parts: Sequence[Resampled], weights: Sequence[float]) -> Resampled:
    def score(counts: Counts) -> Floats:
        weighted = [weight * part.score(counts) for part, weight in zip(parts, weights, strict=True)]
        total: Floats = np.sum(weighted, axis=0)
        return total

    return Resampled(parts[0].names, score)


def remembered(resampled: Resampled) -> Resampled:
    """Return the same, which scores the same resamples only once."""
    known: dict[bytes, Floats] = {}

    def score(counts: Counts) -> Floats:
        key = counts.tobytes()
        if key not in known:
            known[key] = resampled.score(counts)
        return known[key]

    return Resampled(resampled.names, score)


def retentions(tested: ByCondition, groups: ImageGroups) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of what each row retains, over groups of test images that are drawn anew."""
    conditions = [one for one in tested.rows if one]
    counts = draw_groups(groups.groups, RESAMPLES)

    def drawn(weights: Weights) -> dict[str, Floats]:
        combined = combine(tested, weights)
        return {row: np.mean([one.score(counts)[:, 0] for one in seeds], axis=0) for row, seeds in combined.items()}

    clean, disturbed = drawn({None: 1.0}), drawn({one: 1 / len(conditions) for one in conditions})
    intervals = {}
    for row in (row for row in disturbed if row in clean):
        known = clean[row] > 0
        if known.any():
            low, high = np.quantile(disturbed[row][known] / clean[row][known], (0.025, 0.975))
            intervals[row] = float(low), float(high)
    return intervals
