"""Write the report of a detection or segmentation pipeline: tidy rows, Markdown, HTML, LaTeX and pictures."""

from __future__ import annotations

from pathlib import Path

from fusion.markdown import markdown_table
from fusion.storage import write_text
from pipelines.report.contents import Report
from pipelines.report.figures.scatter import draw_scatter
from pipelines.report.html.chart_groups import metrics_against_score
from pipelines.report.html.page import Page, write_page
from pipelines.report.latex import latex_tables
from pipelines.report.results import column, failure, fuser_label
from pipelines.rows import failures, write_results
from pipelines.sample import SAMPLE_NOTE


def write_report(out_dir: Path, report: Report) -> None:
    """Write report.md, report.html, results.tex, summary.txt, the rows, and metrics.png if there are any metrics.

    The rows are results.csv and results.json, and daytime and folds likewise where day and night are known and where
    there are folds.

    Raises:
        InputError: a file cannot be written.
        ValueError: as `result_tables`.
    """
    write_results(out_dir, report.rows)
    if report.daytime:
        write_results(out_dir, report.daytime, "daytime")
    if report.by_fold:
        write_results(out_dir, report.by_fold, "folds")
    if report.metrics:
        title = f"{report.title}, fusion metrics and {report.task.main}"
        draw_scatter(out_dir / "metrics.png", report.agreement, title)
    write_text(out_dir / "report.md", _page(report))
    stress_tables = [table for section in report.stress for table in section.tables]
    write_text(out_dir / "results.tex", latex_tables([*report.tables, *stress_tables, *report.metrics], report.mark))
    write_page(out_dir / "report.html", html_page(report))
    write_text(out_dir / "summary.txt", summary_text(report))


def summary_text(report: Report) -> str:
    """Format the first two metrics of every row, * marks the best of a column, and the answer, for a terminal."""
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
    said = f"{report.answer}\n" if report.answer else ""
    return f"{report.title} (* best)\n{table}{said}" + (f"{SAMPLE_NOTE}\n" if report.is_sample else "")


def _page(report: Report) -> str:
    mark = report.mark
    failed = [(row["fuser"], str(row["seed"]), row["reason"]) for row in failures(report.rows)]
    parts = [
        f"# {report.title}\n",
        f"{report.answer}\n" if report.answer else "",
        f"**{SAMPLE_NOTE}**\n" if report.is_sample else "",
        f"## {mark}The run\n\n{markdown_table(('fact', 'value'), report.facts)}",
        *(table.markdown(mark) for table in report.tables),
        *(section.markdown(mark) for section in report.stress),
        f"## {mark}Failed runs\n\n{markdown_table(('fuser', 'seed', 'reason'), failed)}" if failed else "",
        *(
            f"{table.markdown(mark)}\n![fusion metrics against {report.task.main}](metrics.png)\n"
            for table in report.metrics
        ),
        *(section.markdown(mark) for section in report.sections),
        f"## How to read the tables\n\n{report.explanation}",
    ]
    return "\n".join(part for part in parts if part)


def html_page(report: Report) -> Page:
    """Build the HTML page of a report."""
    return Page(
        title=report.name,
        mark=report.mark,
        note=SAMPLE_NOTE if report.is_sample else "",
        lead=report.answer,
        facts=report.facts,
        tables=report.tables,
        failed=[(f"{row['fuser']}, seed {row['seed']}", row["reason"]) for row in failures(report.rows)],
        charts=report.curves,
        metrics=report.metrics,
        metric_charts=[metrics_against_score(report.agreement, report.fusers)] if report.metrics else [],
        panels=report.panels,
        confusions=report.confusions,
        sections=report.stress,
        classes=report.classes,
        explanation=report.explanation,
    )
