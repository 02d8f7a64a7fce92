"""A part of a report beside its results: text, tables and pictures under one heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from pipelines.report.table import Table


class Picture(NamedTuple):
    """A picture of a report: what it shows, and its file, named from the report's folder on."""

    caption: str
    name: str

    def markdown(self) -> str:
        """Show the picture in Markdown."""
        return f"![{self.caption}]({quote(self.name)})\n"


@dataclass(frozen=True)
class Section:
    """A heading, without the mark of a sample, and what stands below it, in order: Markdown, tables, pictures."""

    heading: str
    parts: Sequence[str | Table | Picture]

    @property
    def tables(self) -> list[Table]:
        """The tables among the parts."""
        return [part for part in self.parts if isinstance(part, Table)]

    def markdown(self, mark: str = "") -> str:
        """Lay the section out as Markdown, `mark` before its headings."""
        return "\n".join([f"## {mark}{self.heading}\n", *(_markdown(part, mark) for part in self.parts)])


def _markdown(part: str | Table | Picture, mark: str) -> str:
    if isinstance(part, Table):
        return part.markdown(mark, level=3)
    return part.markdown() if isinstance(part, Picture) else part
