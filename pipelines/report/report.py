"""The report of a task: a folder with the rows, pages that show them, and pictures."""

from __future__ import annotations

from pathlib import Path

from fusion.markdown import markdown_lines
from fusion.storage import write_text
from pipelines.report.contents import Report
from pipelines.report.html.page import write_page
from pipelines.report.latex import latex_tables
from pipelines.report.page import html_page
from pipelines.report.scatter import draw_scatter
from pipelines.report.tables import column, failure, failures, fuser_label, write_rows
from pipelines.sample import SAMPLE_NOTE


def write_report(out_dir: Path, report: Report) -> None:
    """Write report.md, report.html, results.tex, summary.txt, the rows, and, if there are any metrics, metrics.png.

    The rows are results.csv and results.json, and likewise daytime.csv and daytime.json where day and night are known.

    Raises:
        InputError: a file cannot be written.
        ValueError: as `result_tables`.
    """
    write_rows(out_dir, report.rows)
    if report.daytime:
        write_rows(out_dir, report.daytime, "daytime")
    if report.metrics:
        title = f"{report.mark}{report.name}, fusion metrics and {report.task.main}"
        draw_scatter(out_dir / "metrics.png", report.agreement, title)
    write_text(out_dir / "report.md", _page(report))
    write_text(out_dir / "results.tex", latex_tables([*report.tables, *report.metrics], report.mark))
    write_page(out_dir / "report.html", html_page(report))
    write_text(out_dir / "summary.txt", summary_text(report))


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
        *(table.markdown(mark) for table in report.tables),
        f"## {mark}Failed runs\n\n{markdown_lines(('fuser', 'seed', 'reason'), failed)}" if failed else "",
        *(
            f"{table.markdown(mark)}\n![fusion metrics against {report.task.main}](metrics.png)\n"
            for table in report.metrics
        ),
        *(section.markdown(mark) for section in report.sections),
        f"## How to read the tables\n\n{report.explanation}",
    ]
    return "\n".join(part for part in parts if part)
