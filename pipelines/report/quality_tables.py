"""Which tables a fusion quality report shows: the metrics of every fuser, and what was published."""

from __future__ import annotations

from collections.abc import Mapping

from fusion.markdown import Cell
from fusion.scoring import Means, arrow, metric_cells
from pipelines.report.table import Line, Table
from pipelines.tasks import FusionScores


def quality_tables(means: Means, scores: FusionScores, published: Mapping[str, Mapping[str, float]]) -> list[Table]:
    """Give a table of the means, a line per fuser, and one of published values of the same metrics, if there are any.

    Args:
        means: of `scores`.
        scores: of every image; a fuser that has none is a line with its reason.
        published: by name of the line and metric.
    """
    convention = scores.convention
    methods = list(dict.fromkeys(row.method for row in scores.rows))
    counts = sorted({max(of_metric[method].n for of_metric in means.values()) for method in methods})
    cells = [metric_cells(of_metric, convention, metric) for metric, of_metric in means.items()]
    lines = [Line(method, [of_metric[method] for of_metric in cells]) for method in methods]
    lines += [Line(fuser, [], f"failed: {reason}") for fuser, reason in scores.failed.items()]
    tables = [
        Table(
            f"Fusion metrics, convention {convention}, mean over {' or '.join(map(str, counts))} images",
            "method",
            [f"{metric} {arrow(convention, metric)}" for metric in means],
            lines,
            note="Best in bold; ↑ higher is better, ↓ lower is better.",
        )
    ]
    if published:
        of_papers = [
            Line(name, [Cell(str(values.get(metric, "-")), False) for metric in means])
            for name, values in published.items()
        ]
        tables.append(Table("Published values, on other images", "row", list(means), of_papers))
    return tables
