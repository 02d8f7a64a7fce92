"""A section of a report as HTML."""

from __future__ import annotations

from pathlib import Path

from pipelines.report.elements import Picture, Section, Table
from pipelines.report.html.detail import Detail
from pipelines.report.html.markup import paragraphs_html, table_html
from pipelines.report.html.pictures import picture_html


def section_html(section: Section, mark: str, folder: Path, detail: Detail) -> str:
    """Lay out what stands below the heading of a section.

    Args:
        section: whose Markdown is paragraphs.
        mark: put before the headings of tables.
        folder: that holds the pictures.
        detail: of the pictures.

    Raises:
        InputError: a picture cannot be read.
    """

    def html(part: str | Table | Picture) -> str:
        if isinstance(part, Table):
            return table_html(part, mark)
        return picture_html(part, folder, detail) if isinstance(part, Picture) else paragraphs_html(part)

    return "".join(map(html, section.parts))
