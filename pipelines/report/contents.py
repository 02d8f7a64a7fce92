"""All that the report of a task shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from downstream.segmentation import Confusion
from pipelines.report.agreement import Agreement, agreement_table
from pipelines.report.html.charts import ChartGroup
from pipelines.report.panels import Panel
from pipelines.report.result_tables import daytime_table, result_tables
from pipelines.report.section import Section
from pipelines.report.table import Table
from pipelines.report.tables import Row, column, failures
from pipelines.rows import TaskScores
from pipelines.sample import SAMPLE_MARK

_EXPLANATION = """\
- `-` means not defined: the test images hold nothing of that kind. **Bold** is the best of a column. With several
  seeds a cell is mean ± standard deviation; a difference within the spread may be noise. A fuser of which a run
  failed is never bold.
- **rank correlation** is Spearman's: +1 where a metric ranks the fusions as the network does, counted in its better
  direction (↑ or ↓), 0 where it says nothing about it. It leaves out the two sources, which are no fusions. With this
  few fusions a high one may be chance. scores.csv has every image, means.csv means with bootstrap intervals.
- The rows **infrared** and **visible** are networks that got one source alone, and **average** is the plainest fusion.
  A fusion method is worth its cost only where it beats all three.
"""


@dataclass(frozen=True)
class Report:
    """All that a report shows.

    `rows` are of one data set and split; `fusers` gives the order of the lines and `classes` that of the columns;
    `facts` are name and value of what a reader needs to judge or repeat the run; `agreement` has the fusion metrics of
    the same test images; `sections` are a task's own pictures in report.md; the HTML page shows instead `curves`,
    the scenes of `panels`, and `confusions`, by fuser the pixels of a true class (line) taken for a class (column).
    `comparison` holds the verdicts, if there are any; `daytime` are rows from `daytime_rows`.
    """

    name: str
    is_sample: bool
    task: TaskScores
    rows: list[Row]
    fusers: list[str]
    classes: list[str]
    facts: list[tuple[str, str]]
    agreement: Agreement
    sections: list[Section]
    comparison: list[Table] = field(default_factory=list)
    daytime: list[Row] = field(default_factory=list)
    curves: list[ChartGroup] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    confusions: dict[str, Confusion] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """What stands before every heading and figure title."""
        return SAMPLE_MARK if self.is_sample else ""

    @property
    def explanation(self) -> str:
        """How to read the tables, as a Markdown list."""
        return self.task.explanation + _EXPLANATION

    @property
    def tables(self) -> list[Table]:
        """The results, by day and night where that is known."""
        tables = [*result_tables(self.rows, self.task, self.fusers, self.classes)]
        tables[1:1] = self.comparison
        if self.daytime:
            tables.append(daytime_table(self.daytime, failures(self.rows), self.task, self.fusers))
        return tables

    @property
    def metrics(self) -> list[Table]:
        """The fusion metrics beside the score that decides, if there are any."""
        if not self.agreement.means:
            return []
        return [agreement_table(self.agreement, column(self.rows, self.fusers, self.task.main))]
