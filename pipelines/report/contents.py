"""Everything that the report of a detection or segmentation pipeline shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from downstream.segmentation import Confusion
from pipelines.report.agreement import Agreement, agreement_table
from pipelines.report.elements import Section, Table
from pipelines.report.html.charts import ChartGroup
from pipelines.report.panels import Panel
from pipelines.report.results import column, daytime_table, result_tables
from pipelines.rows import ResultRow, TaskScores, failures
from pipelines.sample import SAMPLE_MARK

_EXPLANATION = """\
- `-` means undefined: the test images hold no object of that kind. **Bold** marks the best of a column. With several
  seeds a cell is mean ± standard deviation; a difference within the spread may be noise. A fuser with a failed run is
  never bold.
- **rank correlation** is Spearman's: +1 where a metric ranks the fusions as the network's score does, counted in its
  better direction (↑ or ↓), 0 where the two are unrelated. The two sources are left out, since they are no fusions.
  With so few fusions a high value may be chance. scores.csv has every image, means.csv means with bootstrap intervals.
- The rows **infrared** and **visible** are networks trained on one source alone, and **average** is the simplest
  fusion. A fusion method is worth its cost only where it beats all three.
"""


@dataclass(frozen=True)
class Report:
    """All that a report shows.

    Attributes:
        name: of the pipeline.
        is_sample: whether the data is the built-in sample.
        task: what was scored.
        rows: the results, of one data set and split.
        fusers: order of the table rows.
        classes: order of the class columns.
        facts: names and values of what a reader needs to judge or repeat the run.
        agreement: the fusion metrics of the same test images.
        sections: the task's own pictures in report.md, in place of which the HTML page shows `curves`, `panels` and
            `confusions`.
        comparison: the tables of differences to the baseline, if there are any.
        daytime: rows from `daytime_rows`.
        curves: charts of the HTML page.
        panels: the scenes shown.
        confusions: (C, C) pixel counts by fuser, true classes in rows, predicted ones in columns.
    """

    name: str
    is_sample: bool
    task: TaskScores
    rows: list[ResultRow]
    fusers: list[str]
    classes: list[str]
    facts: list[tuple[str, str]]
    agreement: Agreement
    sections: list[Section]
    comparison: list[Table] = field(default_factory=list)
    daytime: list[ResultRow] = field(default_factory=list)
    curves: list[ChartGroup] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    confusions: dict[str, Confusion] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """The prefix of every heading and figure title."""
        return SAMPLE_MARK if self.is_sample else ""

    @property
    def explanation(self) -> str:
        """How to read the tables, as a Markdown list."""
        return self.task.explanation + _EXPLANATION

    @property
    def tables(self) -> list[Table]:
        """The result tables, with those by day and night where the file names tell which is which."""
        tables = [*result_tables(self.rows, self.task, self.fusers, self.classes)]
        tables[1:1] = self.comparison
        if self.daytime:
            tables.append(daytime_table(self.daytime, failures(self.rows), self.task, self.fusers))
        return tables

    @property
    def metrics(self) -> list[Table]:
        """The table of fusion metrics beside the main score, if there are any metrics."""
        if not self.agreement.means:
            return []
        return [agreement_table(self.agreement, column(self.rows, self.fusers, self.task.main))]
