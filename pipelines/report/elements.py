"""What a report is made of before it becomes Markdown, LaTeX or HTML: tables, pictures, sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from fusion.markdown import Cell, markdown_table


class TableRow(NamedTuple):
    """One row of a table: its name and a cell per column, or the reason why it has none."""

    name: str
    cells: list[Cell]
    failed: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a heading.

    Attributes:
        heading: above the table, without the mark of a sample.
        names: heading of the first column, which holds the names of the rows.
        columns: headings of the other columns; one where lower is better ends in ↓.
        rows: in the order shown.
        last: a row about the columns, which stays last when a reader sorts the others.
        note: a sentence below the table.
    """

    heading: str
    names: str
    columns: Sequence[str]
    rows: list[TableRow]
    last: TableRow | None = None
    note: str = ""

    def markdown(self, mark: str = "", level: int = 2) -> str:
        """Format the table as Markdown with `mark` before its heading of `level`; the best of a column is bold."""
        note = f"\n{self.note}\n" if self.note else ""
        return f"{'#' * level} {mark}{self.heading}\n\n{self.markdown_body()}{note}"

    def markdown_body(self) -> str:
        """Format the rows as Markdown, without heading and note."""
        rows = [self._texts(row) for row in self.rows]
        if self.last:
            name, *cells = self._texts(self.last)
            rows.append([f"*{name}*", *cells])
        return markdown_table([self.names, *self.columns], rows)

    def _texts(self, row: TableRow) -> list[str]:
        if row.failed:
            return [row.name, row.failed, *[""] * (len(self.columns) - 1)]
        return [row.name, *(cell.bold for cell in row.cells)]


class Picture(NamedTuple):
    """A picture: its caption, and its file relative to the report's folder."""

    caption: str
    name: str

    def markdown(self) -> str:
        """Format the picture as Markdown."""
        return f"![{self.caption}]({quote(self.name)})\n"


@dataclass(frozen=True)
class Section:
    """A heading, without the mark of a sample, and the Markdown texts, tables and pictures below it, in order."""

    heading: str
    parts: Sequence[str | Table | Picture]

    @property
    def tables(self) -> list[Table]:
        """The tables among the parts."""
        return [part for part in self.parts if isinstance(part, Table)]

    def markdown(self, mark: str = "") -> str:
        """Format the section as Markdown with `mark` before its headings."""
        return "\n".join([f"## {mark}{self.heading}\n", *(_markdown(part, mark) for part in self.parts)])


def _markdown(part: str | Table | Picture, mark: str) -> str:
    if isinstance(part, Table):
        return part.markdown(mark, level=3)
    return part.markdown() if isinstance(part, Picture) else part
