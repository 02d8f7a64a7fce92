"""A bad day of fused images: the metrics of what is fused of disturbed pairs, measured against the clean pairs."""

from __future__ import annotations

from pathlib import Path

from fusion.markdown import Cell
from fusion.scoring import ImageScores, Mean, arrow, mean_scores, metric_cells, write_image_rows
from pipelines.report.elements import Section, Table, TableRow
from pipelines.report.stress.scores import CLEAN
from pipelines.rows import Experiment, FusionScores, load_image_scores, stress_stage
from pipelines.stages import Inputs

_NOTE = (
    "Sources are changed, equally for all rows, fused, and the result is measured against the sources as they were: a "
    "metric that noise or holes raise, such as AG, is no praise."
)


def stress_quality_sections(
    out_dir: Path, experiment: Experiment, inputs: Inputs, clean: FusionScores
) -> list[Section]:
    """Write stress.csv, with the scores of every image, and return a section of one table per metric.

    Args:
        out_dir: the report's folder.
        experiment: what is reported.
        inputs: of the report stage.
        clean: the scores of the clean images.

    Returns:
        No section without conditions.
    """
    conditions = experiment.settings.stress.conditions
    rows = [row.name for row in experiment.stressed_fusions]
    if not conditions or not rows:
        return []
    scores = {CLEAN: [one for one in clean.rows if one.method in rows]}
    failed = dict[str, str]()
    for condition in conditions:
        stages = {row: stress_stage(row, condition) for row in rows}
        scores[condition.label] = [
            one for stage in stages.values() if stage in inputs.folders for one in load_image_scores(inputs[stage])
        ]
        failed |= {
            f"{row}, {condition.label}": inputs.failures[stage]
            for row, stage in stages.items()
            if stage in inputs.failures
        }
    named = [
        ImageScores(f"{one.method}, {label}", one.image, one.values, one.left_out)
        for label, of in scores.items()
        for one in of
    ]
    write_image_rows(out_dir / "stress.csv", named)
    reasons = f" Failed: {'; '.join(f'{what} ({reason})' for what, reason in failed.items())}." if failed else ""
    means = mean_scores(named)
    tables = [_table(metric, of, clean.convention, rows, list(scores)) for metric, of in means.items()]
    return [Section("A bad day", [f"{_NOTE}{reasons}\n", *tables])]


def _table(metric: str, means: dict[str, Mean], convention: str, rows: list[str], labels: list[str]) -> Table:
    cells, nothing = metric_cells(means, convention, metric), Cell("-", False)
    table_rows = [TableRow(row, [cells.get(f"{row}, {label}", nothing) for label in labels]) for row in rows]
    return Table(f"{metric} {arrow(convention, metric)} by condition", "fuser", labels, table_rows)
