"""One self-contained HTML page of a report: it needs no network, no server and no other file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from fusion.files import write_text
from pipelines.html.charts import ChartGroup, chart_svg, key_svg, series_class
from pipelines.html.markup import facts_html, failures_html, markdown_html, table_html
from pipelines.html.scenes import scenes_data
from pipelines.panels import Panel
from pipelines.table import Table

_COMMAND = "command"  # the fact that can be copied


@dataclass(frozen=True)
class Page:
    """All that the page of a report shows.

    Args:
        title: without the mark of a sample.
        mark: stands before every heading; empty for real data.
        note: the warning of a sample.
        lead: what the results come to, in a sentence.
        facts: name and value of what a reader needs to judge or repeat the run.
        tables: the results.
        failed: name and reason of every run that failed.
        charts: groups of charts, in the order shown.
        metrics: the fusion metrics beside the results.
        metric_charts: what belongs to them.
        panels: the scenes to compare.
        classes: all of the data set; none where nothing was looked for.
        explanation: a Markdown list of how to read the tables.
    """

    title: str
    mark: str
    note: str
    lead: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    explanation: str
    failed: Sequence[tuple[str, str]] = ()
    charts: Sequence[ChartGroup] = ()
    metrics: Sequence[Table] = ()
    metric_charts: Sequence[ChartGroup] = ()
    panels: Sequence[Panel] = ()
    classes: Sequence[str] = ()


def write_page(path: Path, page: Page) -> None:
    """Write the page.

    Raises:
        InputError: an image or a mask of a scene cannot be read, or the page cannot be written.
    """
    write_text(path, _page_html(page))


def _page_html(page: Page) -> str:
    sections = {
        "results": ("Results", _results(page)),
        "scenes": ("Compare images", _file("compare.html") if page.panels else ""),
        "charts": ("Curves", _charts(page.charts, page.mark)),
        "metrics": ("Fusion metrics", _tables(page.metrics, page.mark) + _charts(page.metric_charts, page.mark)),
        "run": ("The run", _run(page)),
        "reading": ("How to read the tables", markdown_html(page.explanation)),
    }
    present = {name: of for name, of in sections.items() if of[1]}
    data = json.dumps(scenes_data(page.panels, page.classes), separators=(",", ":")) if page.panels else "null"
    return Template(_file("page.html")).substitute(
        title=escape(page.mark + page.title),
        note=f'<p class="sample" role="note">{escape(page.note)}</p>' if page.note else "",
        lead=f'<p class="lead">{escape(page.lead)}</p>' if page.lead else "",
        links="".join(f'<a href="#{name}">{heading}</a>' for name, (heading, _) in present.items()),
        sections="\n".join(
            f'<section id="{name}">\n<h2>{escape(page.mark)}{heading}</h2>\n{content}</section>'
            for name, (heading, content) in present.items()
        ),
        css=_file("page.css"),
        data=data.replace("<", "\\u003c"),
        scripts=_file("page.js") + (_file("compare.js") if page.panels else ""),
    )


def _results(page: Page) -> str:
    hint = '<p class="hint">The head of a column sorts a table by it.</p>\n'
    return hint + _tables(page.tables, page.mark) + (failures_html(page.failed, page.mark) if page.failed else "")


def _run(page: Page) -> str:
    commands = [value for name, value in page.facts if name == _COMMAND]
    copyable = "".join(
        f'<div class="command"><pre><code>{escape(command)}</code></pre>'
        '<button type="button" data-copy>Copy</button></div>\n'
        for command in commands
    )
    return copyable + facts_html([fact for fact in page.facts if fact[0] != _COMMAND])


def _tables(tables: Sequence[Table], mark: str) -> str:
    return "".join(table_html(table, mark) for table in tables)


def _charts(groups: Sequence[ChartGroup], mark: str) -> str:
    return "".join(_chart_group(group, mark) for group in groups)


def _chart_group(group: ChartGroup, mark: str) -> str:
    names = {series.name: series for chart in group.charts for series in chart.series}
    keys = "".join(
        f'<li class="{series_class(series.number)}" data-name="{escape(name)}">{key_svg(series)}{escape(name)}</li>'
        for name, series in names.items()
    )
    figures = "".join(
        f"<figure><figcaption>{escape(chart.title)}</figcaption>{chart_svg(chart)}</figure>\n" for chart in group.charts
    )
    return (
        f'<h3>{escape(mark + group.heading)}</h3>\n<ul class="key" data-charts>{keys}</ul>\n'
        f'<div class="charts">\n{figures}</div>\n' + (f"<p>{escape(group.note)}</p>\n" if group.note else "")
    )


def _file(name: str) -> str:
    return files("pipelines.html").joinpath(name).read_text(encoding="utf-8")
