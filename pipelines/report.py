"""The report of a task: a folder with the rows, a page that shows them, and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fusion.files import write_text
from fusion.markdown import markdown_lines
from pipelines.agreement import Agreement, agreement_table
from pipelines.sample import SAMPLE_MARK, SAMPLE_NOTE
from pipelines.scatter import draw_scatter
from pipelines.tables import Row, column, failure, failures, fuser_label, markdown_table, write_rows
from pipelines.task_scores import TaskScores

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


class Section(NamedTuple):
    """A part of the page that is a task's own: its heading and its Markdown."""

    heading: str
    body: str


@dataclass(frozen=True)
class Report:
    """All that a report shows.

    `rows` are of one data set and split; `fusers` gives the order of the lines and `classes` that of the columns;
    `facts` are name and value of what a reader needs to judge or repeat the run; `agreement` has the fusion metrics of
    the same test images.
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

    @property
    def mark(self) -> str:
        """What stands before every heading and figure title."""
        return SAMPLE_MARK if self.is_sample else ""


def write_report(out_dir: Path, report: Report) -> None:
    """Write report.md, summary.txt, results.csv, results.json and, if there are any metrics, metrics.png.

    Raises:
        InputError: a file cannot be written.
        ValueError: as `markdown_table`.
    """
    write_rows(out_dir, report.rows)
    if report.agreement.means:
        title = f"{report.mark}{report.name}, fusion metrics and {report.task.main}"
        draw_scatter(out_dir / "metrics.png", report.agreement, title)
    write_text(out_dir / "report.md", _page(report))
    write_text(out_dir / "summary.txt", summary_text(report))


def _metrics(report: Report) -> str:
    main = report.task.main
    heading = f"## {report.mark}Fusion metrics and {main}, convention {report.agreement.convention}\n\n"
    table = agreement_table(report.agreement, column(report.rows, report.fusers, main))
    return f"{heading}{table}\n![fusion metrics against {main}](metrics.png)\n"


def summary_text(report: Report) -> str:
    """Lay out the first two metrics of every fuser as plain text for a terminal; * marks the best of a column."""
    metrics = list(report.task.means)[:2]
    columns = [column(report.rows, report.fusers, metric) for metric in metrics]
    lines = [["fuser", *(report.task.means[metric] for metric in metrics)]]
    for fuser in report.fusers:
        cells = [cells[fuser] for cells in columns]
        failed = failure(report.rows, fuser)
        texts = [failed] if failed else [cell.text + "*" * cell.best for cell in cells]
        lines.append([fuser_label(report.rows, fuser), *texts])
    widths = [max(len(line[index]) for line in lines if len(line) == 3) for index in range(3)]
    widths[0] = max(len(line[0]) for line in lines)
    table = "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)
    return f"{report.mark}{report.name} (* best)\n{table}" + (f"{SAMPLE_NOTE}\n" if report.is_sample else "")


def _page(report: Report) -> str:
    mark = report.mark
    failed = [(row["fuser"], str(row["seed"]), row["reason"]) for row in failures(report.rows)]
    parts = [
        f"# {mark}{report.name}\n",
        f"**{SAMPLE_NOTE}**\n" if report.is_sample else "",
        f"## {mark}The run\n\n{markdown_lines(('fact', 'value'), report.facts)}",
        markdown_table(report.rows, report.task, report.fusers, report.classes, mark),
        f"## {mark}Failed runs\n\n{markdown_lines(('fuser', 'seed', 'reason'), failed)}" if failed else "",
        _metrics(report) if report.agreement.means else "",
        *(f"## {mark}{section.heading}\n\n{section.body}" for section in report.sections),
        f"## How to read the tables\n\n{report.task.explanation}{_EXPLANATION}",
    ]
    return "\n".join(part for part in parts if part)
