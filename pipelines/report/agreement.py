"""Do fusion metrics rank the fusers as the detector does? Both side by side, with rank correlations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy.stats import spearmanr

from fusion.markdown import Cell
from fusion.metrics import CONVENTIONS
from fusion.scoring import Means, arrow, metric_cells
from pipelines.report.table import Line, Table
from pipelines.rows import SOURCES

_FEWEST = 3  # two points always lie on a line


@dataclass(frozen=True)
class Agreement:
    """Fusion metrics of the test images beside what a network scored on the same images.

    `means` are by metric and fuser; `task` is the network's score by fuser, its mean over seeds, called `task_name`;
    a fuser without a score is absent.
    """

    convention: str
    means: Means
    task_name: str
    task: Mapping[str, float]

    def rank_correlation(self, metric: str) -> float | None:
        """Give Spearman's rho between a metric and the task over all fusions; +1 if they rank them alike.

        The metric counts in the direction in which it is better, and the sources, being no fusions, not at all. None
        with fewer than three fusions, or where one of the two is the same for all.

        Source: Spearman, American Journal of Psychology 15 (1904).
        """
        pairs = [(x, y) for fuser, (x, y) in self.points(metric).items() if fuser not in SOURCES]
        values, scores = zip(*pairs, strict=True) if pairs else ((), ())
        if len(pairs) < _FEWEST or len(set(values)) == 1 or len(set(scores)) == 1:
            return None
        sign = 1.0 if CONVENTIONS[self.convention][metric].higher_is_better else -1.0
        return sign * float(spearmanr(values, scores).statistic)

    def points(self, metric: str) -> dict[str, tuple[float, float]]:
        """Give by fuser the metric and the score, where both are finite."""
        means = {fuser: mean.mean for fuser, mean in self.means[metric].items() if mean.mean is not None}
        return {f: (means[f], score) for f, score in self.task.items() if math.isfinite(means.get(f, math.nan))}


def agreement_table(agreement: Agreement, task: Mapping[str, Cell]) -> Table:
    """Lay the task's score and all metrics out, a line per fuser, and the rank correlations last.

    Args:
        agreement: what is shown.
        task: by fuser, in the order of the lines, what the table says of its score.
    """
    convention = agreement.convention
    columns = [f"{agreement.task_name} ↑", *(f"{metric} {arrow(convention, metric)}" for metric in agreement.means)]
    metrics = [metric_cells(of_metric, convention, metric) for metric, of_metric in agreement.means.items()]
    lines = [
        Line(fuser, [score, *(cells.get(fuser, Cell("-", False)) for cells in metrics)])
        for fuser, score in task.items()
    ]
    ranks = [agreement.rank_correlation(metric) for metric in agreement.means]
    texts = ["", *("-" if rank is None else f"{rank:+.2f}" for rank in ranks)]
    last = Line("rank correlation", [Cell(text, False) for text in texts])
    heading = f"Fusion metrics and {agreement.task_name}, convention {convention}"
    return Table(heading, "fuser", columns, lines, last)
