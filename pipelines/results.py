"""What a pipeline found, for Python: rows of scores, the best row, and verdicts between any two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

from fusion.errors import InputError, unknown_name
from fusion.storage import read_json
from pipelines.rows import DETECTION, SEGMENTATION, Experiment, TaskScores
from pipelines.stages import Inputs

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.report import Difference

_TASKS = {"detection": DETECTION, "segmentation": SEGMENTATION}


class Row(NamedTuple):
    """One score.

    Attributes:
        fuser: the row of the table.
        metric: such as "mAP50".
        class_name: a class, or "all".
        seed: of the training; None for a metric of fused images, which have none.
        value: None where the metric is undefined, or the run failed.
        n: number of test images ("all"), or of ground-truth objects or pixels of the class.
        reason: why the run failed; "" if it did not.
        condition: of the test images, such as "infrared_noise@20"; "" if they are clean.
    """

    fuser: str
    metric: str
    class_name: str
    seed: int | None
    value: float | None
    n: int
    reason: str = ""
    condition: str = ""


@dataclass(frozen=True)
class Results:
    """What a finished pipeline found. As text, its table.

    Attributes:
        report: the folder of the report: report.md, report.html, results.csv and others.
        failed: the runs, or rows of fused images, that failed.
    """

    report: Path
    failed: tuple[str, ...]
    _experiment: Experiment = field(repr=False)
    _inputs: Inputs = field(repr=False)
    _compared: dict[str, Sequence[Difference]] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        """Return the table of a terminal and where the report is."""
        table = (self.report / "summary.txt").read_text(encoding="utf-8")
        return f"{table}\nreport: {self.report / 'report.md'}\npage: {self.report / 'report.html'}"

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every score of every row."""
        if self._task is None:
            means = read_json(self.report / "means.json")["means"]
            found = [Row(one["method"], one["metric"], "all", None, one["mean"], one["n"]) for one in means]
            reasons = self._inputs.failures
            failed = [
                Row(name, "", "all", None, None, 0, reasons.get(f"score_fusion/{name}", "")) for name in self.failed
            ]
            return (*found, *failed)
        return tuple(_row(one) for one in read_json(self.report / "results.json"))

    @cached_property
    def stress(self) -> tuple[Row, ...]:
        """Every score of every row under every condition; none without conditions, or for a metric of fused images."""
        path = self.report / "stress.json"
        found = read_json(path) if path.exists() else []
        return tuple(_row(one)._replace(condition=one["split"].rpartition(", ")[2]) for one in found)

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows, those under conditions last, as a table with one column for each of their attributes.

        Raises:
            InputError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise InputError("to_pandas: pandas is not installed. Try: pip install pandas") from error
        return pd.DataFrame((*self.rows, *self.stress), columns=Row._fields)

    def best(self, metric: str | None = None, class_name: str = "all") -> str:
        """Return the row with the best mean over seeds; of equal ones, the first. It may be best by chance.

        Args:
            metric: None takes the main metric of the task, mAP50 or mIoU.
            class_name: a class, or "all".

        Raises:
            InputError: an unknown metric or class, or no row without a failed run has a value.
        """
        metric = self._metric(metric)
        chosen = [row for row in self.rows if (row.metric, row.class_name) == (metric, class_name)]
        if not chosen:
            raise unknown_name(
                f"class of {metric}", class_name, {r.class_name for r in self.rows if r.metric == metric}
            )
        failed = {row.fuser for row in self.rows if row.reason}
        means = {
            name: fmean(values)
            for name in dict.fromkeys(row.fuser for row in chosen)
            if name not in failed and (values := [r.value for r in chosen if r.fuser == name and r.value is not None])
        }
        if not means:
            raise InputError(f"best: no row has a {metric} of {class_name}")
        return max(means, key=lambda name: means[name] if self._higher_is_better(metric) else -means[name])

    def verdict(self, fuser: str, baseline: str, metric: str | None = None, class_name: str = "all") -> Difference:
        """Tell whether a row is better than another by more than chance.

        Args:
            fuser: a row.
            baseline: another row; p values are adjusted for all rows that could be compared with it.
            metric: as `best`; mAP50 and mAP50:95, or mIoU; of a class, AP50 or IoU (None takes these).
            class_name: a class, or "all".

        Returns:
            `difference`, its 95 % interval `low` and `high`, `p`, `p_holm`, `detectable`, and `verdict`: "better",
            "worse", "not distinguishable", or "-" with its `reason`.

        Raises:
            InputError: the pipeline trains no network, a name is unknown, or one of the rows has a failed run.
        """
        task = self._task
        if task is None:
            raise InputError("verdict: for tasks detection and segmentation only (found fused images alone)")
        names = self._experiment.row_names
        for name in (fuser, baseline):
            if name not in names:
                raise unknown_name("row", name, names)
            if reasons := [row.reason for row in self.rows if row.fuser == name and row.reason]:
                raise InputError(f"verdict: a run of {name} failed ({reasons[0]})")
        if fuser == baseline:
            raise InputError(f"verdict: {fuser} cannot be compared with itself")
        found = {one.name: one for one in self._differences(baseline) if one.fuser == fuser}
        wanted = metric or (task.main if class_name == "all" else task.per_class)
        if (wanted, class_name) not in found:
            raise unknown_name("metric and class", f"{wanted} {class_name}", [" ".join(name) for name in found])
        return next(one for name, one in found.items() if name == (wanted, class_name))

    @property
    def _task(self) -> TaskScores | None:
        return _TASKS.get(self._experiment.settings.task)

    def _metric(self, metric: str | None) -> str:
        known = list(dict.fromkeys(row.metric for row in self.rows if row.metric))
        if metric is None and self._task is not None:
            return self._task.main
        if metric not in known:
            raise unknown_name("metric", str(metric), known)
        return metric

    def _higher_is_better(self, metric: str) -> bool:
        if self._task is not None:
            return True
        from fusion.metrics import CONVENTIONS

        return CONVENTIONS[self._experiment.settings.metrics.convention][metric].higher_is_better

    def _differences(self, baseline: str) -> Sequence[Difference]:
        from pipelines.report import compare_rows

        if baseline not in self._compared:
            self._compared[baseline] = compare_rows(self._experiment, self._inputs, baseline)
        return self._compared[baseline]


def _row(one: Mapping[str, Any]) -> Row:
    return Row(one["fuser"], one["metric"], one["class"], one["seed"], one["value"], one["n"], one["reason"])
