"""Do the fusion metrics rank the fusers as the detector or segmenter does? Both, with rank correlations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy.stats import spearmanr

from fusion.markdown import Cell
from fusion.metrics import CONVENTIONS
from fusion.scoring import Means, arrow, left_out_note, metric_cells
from pipelines.report.elements import Table, TableRow
from pipelines.rows import SOURCES

_FEWEST = 3  # two points always lie on a line


@dataclass(frozen=True)
class Agreement:
    """Fusion metrics of the test images beside the score of a network on the same images.

    Attributes:
        convention: of the metrics.
        means: by metric and fuser.
        task_name: of the network's score.
        task: the network's score by fuser, mean over seeds; a fuser without a score is absent.
    """

    convention: str
    means: Means
    task_name: str
    task: Mapping[str, float]

    def rank_correlation(self, metric: str) -> float | None:
        """Compute Spearman's rho between a metric and the network's score over all fusions.

        Returns:
            +1 if both rank the fusions alike, the metric counted in its better direction. The two sources, being no
            fusions, are left out. None for fewer than three fusions, or where either is the same for all.

        Source: Spearman, American Journal of Psychology 15 (1904).
        """
        pairs = [(x, y) for fuser, (x, y) in self.points(metric).items() if fuser not in SOURCES]
        values, scores = zip(*pairs, strict=True) if pairs else ((), ())
        if len(pairs) < _FEWEST or len(set(values)) == 1 or len(set(scores)) == 1:
            return None
        sign = 1.0 if CONVENTIONS[self.convention][metric].higher_is_better else -1.0
        return sign * float(spearmanr(values, scores).statistic)

    def points(self, metric: str) -> dict[str, tuple[float, float]]:
        """Return metric and score by fuser, where both are finite."""
        means = {fuser: mean.mean for fuser, mean in self.means[metric].items() if mean.mean is not None}
        return {f: (means[f], score) for f, score in self.task.items() if math.isfinite(means.get(f, math.nan))}


def agreement_table(agreement: Agreement, task: Mapping[str, Cell]) -> Table:
    """Build the table of the network's score and all metrics, one row per fuser, rank correlations last.

    Args:
        agreement: metrics and scores.
        task: cells of the network's score by fuser, in the order of the rows.
    """
    convention = agreement.convention
    columns = [f"{agreement.task_name} ↑", *(f"{metric} {arrow(convention, metric)}" for metric in agreement.means)]
    metrics = [metric_cells(of_metric, convention, metric) for metric, of_metric in agreement.means.items()]
    rows = [
        TableRow(fuser, [score, *(cells.get(fuser, Cell("-", False)) for cells in metrics)])
        for fuser, score in task.items()
    ]
    ranks = [agreement.rank_correlation(metric) for metric in agreement.means]
    texts = ["", *("-" if rank is None else f"{rank:+.2f}" for rank in ranks)]
    last = TableRow("rank correlation", [Cell(text, False) for text in texts])
    heading = f"Fusion metrics and {agreement.task_name}, convention {convention}"
    return Table(heading, "fuser", columns, rows, last, left_out_note(agreement.means))
