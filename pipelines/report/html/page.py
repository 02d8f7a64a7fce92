"""One self-contained HTML page of a report: it needs no network, no server and no other file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from downstream.segmentation import Confusion
from fusion.storage import write_text
from pipelines.report.elements import Section, Table
from pipelines.report.html.chart_groups import charts_html
from pipelines.report.html.charts import ChartGroup
from pipelines.report.html.confusions import confusions_html
from pipelines.report.html.detail import DETAILS, LARGEST, Detail
from pipelines.report.html.markup import facts_html, failures_html, markdown_html, table_html
from pipelines.report.html.scenes import scenes_data
from pipelines.report.html.sections import section_html
from pipelines.report.panels import Panel

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
        confusions: by fuser, pixels of a true class (line) by predicted class (column).
        sections: what else there is; their pictures lie in the folder of the page.
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
    confusions: Mapping[str, Confusion] = field(default_factory=dict)
    sections: Sequence[Section] = ()


def write_page(path: Path, page: Page) -> None:
    """Write the page, its pictures in as much detail as leaves it below `LARGEST`.

    Raises:
        InputError: a picture, an image or a mask cannot be read, or the page cannot be written.
    """
    for detail in DETAILS:
        text = _page_html(page, path.parent, detail)
        if len(text.encode()) < LARGEST:
            break
    write_text(path, text)


def _page_html(page: Page, folder: Path, detail: Detail) -> str:
    note = f'<p class="hint">{detail.note}</p>\n' if detail.note else ""
    sections = {
        "results": ("Results", _results(page)),
        "scenes": ("Compare images", note + _file("compare.html") if page.panels else ""),
        **{_slug(of.heading): (of.heading, section_html(of, page.mark, folder, detail)) for of in page.sections},
        "confusions": ("What is taken for what", _confusions(page)),
        "charts": ("Curves", charts_html(page.charts, page.mark)),
        "metrics": ("Fusion metrics", _tables(page.metrics, page.mark) + charts_html(page.metric_charts, page.mark)),
        "run": ("The run", _run(page)),
        "reading": ("How to read the tables", markdown_html(page.explanation)),
    }
    present = {name: of for name, of in sections.items() if of[1]}
    scenes = scenes_data(page.panels, page.classes, detail) if page.panels else None
    data = json.dumps(scenes, separators=(",", ":"))
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


def _confusions(page: Page) -> str:
    return confusions_html(page.confusions, page.classes) if page.confusions else ""


def _slug(heading: str) -> str:
    return re.sub(r"\W+", "-", heading.lower())


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


def _file(name: str) -> str:
    return files("pipelines.report.html").joinpath(name).read_text(encoding="utf-8")
