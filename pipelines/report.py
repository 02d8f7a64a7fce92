"""The report of a detection pipeline: a folder with the rows, a page that shows them, and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fusion.files import write_text
from fusion.markdown import markdown_lines
from pipelines.agreement import Agreement, agreement_table
from pipelines.box_figures import LOWEST_SCORE
from pipelines.curve_figures import draw_pr_curves
from pipelines.panels import Panel, write_panels
from pipelines.sample import SAMPLE_MARK, SAMPLE_NOTE
from pipelines.scatter import draw_scatter
from pipelines.tables import Row, column, failure, failures, fuser_label, markdown_table, write_rows

_EXPLANATION = """\
- **mAP50**: average precision of a class is the area under its precision-recall curve, a detection counting as right
  when it overlaps a true box with IoU >= .5; mAP50 is the mean over the classes. **mAP50:95** is also the mean over the
  thresholds .50, .55, .., .95, so it rewards boxes that fit. Higher is better, 1 is perfect.
- **small**, **medium**, **large**: mAP50:95 on true boxes of less than 32², up to 96² and more square pixels.
- `-` means not defined: the test images hold no true box of that kind. **Bold** is the best of a column. With several
  seeds a cell is mean ± standard deviation; a difference within the spread may be noise. A fuser of which a run
  failed is never bold.
- **rank correlation** is Spearman's: +1 where a metric ranks the fusions as the detector does, counted in its better
  direction (↑ or ↓), 0 where it says nothing about it. It leaves out the two sources, which are no fusions. With this
  few fusions a high one may be chance. scores.csv has every image, means.csv means with bootstrap intervals.
- The rows **infrared** and **visible** are detectors that got one source alone, and **average** is the plainest fusion.
  A fusion method is worth its cost only where it beats all three.
"""


@dataclass(frozen=True)
class Report:
    """All that a report shows.

    `rows` are of one data set and split; `fusers` gives the order of the lines and `classes` that of the columns;
    `facts` are name and value of what a reader needs to judge or repeat the run; `curves` are as in `draw_pr_curves`;
    `agreement` has the fusion metrics of the same test images.
    """

    name: str
    is_sample: bool
    rows: list[Row]
    fusers: list[str]
    classes: list[str]
    facts: list[tuple[str, str]]
    panels: list[Panel]
    curves: dict[str, dict[str, list[float]]]
    agreement: Agreement

    @property
    def mark(self) -> str:
        """What stands before every heading and figure title."""
        return SAMPLE_MARK if self.is_sample else ""


def write_report(out_dir: Path, report: Report) -> None:
    """Write report.md, results.csv, results.json, panels/<stem>.png and, if there are any, pr_curves.png, metrics.png.

    Raises:
        InputError: an image cannot be read or a file cannot be written.
        ValueError: as `markdown_table`.
    """
    write_rows(out_dir, report.rows)
    if report.curves:
        draw_pr_curves(out_dir / "pr_curves.png", report.curves, f"{report.mark}{report.name}, precision at IoU .5")
    if report.agreement.means:
        draw_scatter(out_dir / "metrics.png", report.agreement, f"{report.mark}{report.name}, fusion metrics and mAP50")
    scenes = write_panels(out_dir, report.panels, f"{report.mark}{report.name}", report.classes)
    write_text(out_dir / "report.md", _page(report, scenes))


def _metrics(report: Report) -> str:
    heading = f"## {report.mark}Fusion metrics and mAP50, convention {report.agreement.convention}\n\n"
    table = agreement_table(report.agreement, column(report.rows, report.fusers, "mAP50"))
    return f"{heading}{table}\n![fusion metrics against mAP50](metrics.png)\n"


def summary_text(report: Report) -> str:
    """Lay out mAP50 and mAP50:95 of every fuser as plain text for a terminal; * marks the best of a column."""
    columns = [column(report.rows, report.fusers, metric) for metric in ("mAP50", "mAP50:95")]
    lines = [["fuser", "mAP50", "mAP50:95"]]
    for fuser in report.fusers:
        cells = [cells[fuser] for cells in columns]
        failed = failure(report.rows, fuser)
        texts = [failed] if failed else [cell.text + "*" * cell.best for cell in cells]
        lines.append([fuser_label(report.rows, fuser), *texts])
    widths = [max(len(line[index]) for line in lines if len(line) == 3) for index in range(3)]
    widths[0] = max(len(line[0]) for line in lines)
    table = "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)
    return f"{report.mark}{report.name} (* best)\n{table}" + (f"{SAMPLE_NOTE}\n" if report.is_sample else "")


def _page(report: Report, scenes: str) -> str:
    mark = report.mark
    failed = [(row["fuser"], str(row["seed"]), row["reason"]) for row in failures(report.rows)]
    parts = [
        f"# {mark}{report.name}\n",
        f"**{SAMPLE_NOTE}**\n" if report.is_sample else "",
        f"## {mark}The run\n\n{markdown_lines(('fact', 'value'), report.facts)}",
        markdown_table(report.rows, report.fusers, report.classes, mark),
        f"## {mark}Failed runs\n\n{markdown_lines(('fuser', 'seed', 'reason'), failed)}" if failed else "",
        f"## {mark}Precision and recall\n\n![precision-recall curves](pr_curves.png)\n" if report.curves else "",
        _metrics(report) if report.agreement.means else "",
        f"## {mark}Scenes\n\nTrue boxes are dashed; detections have a score of {LOWEST_SCORE} or more.\n"
        if report.panels
        else "",
        scenes,
        f"## How to read the tables\n\n{_EXPLANATION}",
    ]
    return "\n".join(part for part in parts if part)
