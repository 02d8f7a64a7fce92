"""What the HTML page shows of a task's report."""

from __future__ import annotations

from pipelines.report.contents import Report
from pipelines.report.html.curves import metrics_against_score
from pipelines.report.html.page import Page
from pipelines.report.tables import column, failures
from pipelines.rows import BASELINES
from pipelines.sample import SAMPLE_NOTE


def html_page(report: Report) -> Page:
    """Turn a report into its page."""
    return Page(
        title=report.name,
        mark=report.mark,
        note=SAMPLE_NOTE if report.is_sample else "",
        lead=_lead(report),
        facts=report.facts,
        tables=report.tables,
        failed=[(f"{row['fuser']}, seed {row['seed']}", row["reason"]) for row in failures(report.rows)],
        charts=report.curves,
        metrics=report.metrics,
        metric_charts=[metrics_against_score(report.agreement, report.fusers)] if report.metrics else [],
        panels=report.panels,
        confusions=report.confusions,
        classes=report.classes,
        explanation=report.explanation,
    )


def _lead(report: Report) -> str:
    """Say which fuser did best, and how the baselines did."""
    main = report.task.main
    cells = column(report.rows, report.fusers, main)
    best = [f"{fuser} ({cell.text})" for fuser, cell in cells.items() if cell.best]
    baselines = [f"{fuser} {cells[fuser].text}" for fuser in BASELINES if fuser in cells]
    return f"Best {main}: {', '.join(best)}. The baselines: {', '.join(baselines)}." if best else ""
