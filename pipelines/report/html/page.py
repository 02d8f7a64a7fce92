"""The self-contained HTML page of a report, which needs no network, no server and no other file."""

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
from pipelines.report.elements import Picture, Section, Table
from pipelines.report.html.charts import ChartGroup, charts_html
from pipelines.report.html.markup import (
    confusions_html,
    facts_html,
    failures_html,
    markdown_html,
    paragraphs_html,
    table_html,
)
from pipelines.report.html.pictures import DETAILS, MAX_BYTES, Detail, picture_html
from pipelines.report.html.scenes import scenes_data
from pipelines.report.panels import Panel

_COMMAND = "command"  # this fact has a copy button


@dataclass(frozen=True)
class Page:
    """The content of a page.

    Args:
        title: without the mark of a sample.
        mark: put before every heading; empty for real data.
        note: the warning of a sample.
        lead: the main result in a sentence.
        facts: names and values of what a reader needs to judge or repeat the run.
        tables: the results.
        explanation: how to read the tables, as a Markdown list.
        failed: name and reason of each failed run.
        charts: groups of charts in order.
        metrics: tables of the fusion metrics.
        metric_charts: charts of the fusion metrics.
        panels: the scenes of the image comparison.
        classes: names of all classes of the data set; empty without a detector or segmenter.
        confusions: by fuser, (C, C) pixel counts, true classes in rows and predicted classes in columns.
        sections: further sections; their pictures are in the folder of the page.
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
    """Write a page, with its images in the highest detail that keeps it below `MAX_BYTES`.

    Raises:
        InputError: a picture, an image or a mask cannot be read, or the page cannot be written.
    """
    for detail in DETAILS:
        text = _page_html(page, path.parent, detail)
        if len(text.encode()) < MAX_BYTES:
            break
    write_text(path, text)


def _page_html(page: Page, folder: Path, detail: Detail) -> str:
    note = f'<p class="hint">{detail.note}</p>\n' if detail.note else ""
    sections = {
        "results": ("Results", _results(page)),
        "scenes": ("Compare images", note + _file("compare.html") if page.panels else ""),
        **{_slug(of.heading): (of.heading, _section(of, page.mark, folder, detail)) for of in page.sections},
        "confusions": ("Confusion matrices", _confusions(page)),
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
    hint = '<p class="hint">Click a column heading to sort a table.</p>\n'
    return hint + _tables(page.tables, page.mark) + (failures_html(page.failed, page.mark) if page.failed else "")


def _confusions(page: Page) -> str:
    return confusions_html(page.confusions, page.classes) if page.confusions else ""


def _section(section: Section, mark: str, folder: Path, detail: Detail) -> str:
    """Format the parts of a section; its Markdown texts are paragraphs, and its pictures are files in `folder`."""

    def html(part: str | Table | Picture) -> str:
        if isinstance(part, Table):
            return table_html(part, mark)
        return picture_html(part, folder, detail) if isinstance(part, Picture) else paragraphs_html(part)

    return "".join(map(html, section.parts))


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
