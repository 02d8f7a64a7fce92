"""A table as a reader is to see it, before it becomes Markdown, LaTeX or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fusion.markdown import Cell, markdown_lines


class Line(NamedTuple):
    """One line: whom it is about and a cell per column, or why there are none."""

    name: str
    cells: list[Cell]
    failed: str = ""


@dataclass(frozen=True)
class Table:
    """A heading, the heads of all columns behind the one of the names, and the lines.

    Args:
        heading: stands above the table, without the mark of a sample.
        names: the head of the first column.
        columns: ends in ↓ where lower is better.
        lines: in the order shown.
        last: a line about the columns, which stays last however the others are sorted.
        note: a sentence below.
    """

    heading: str
    names: str
    columns: Sequence[str]
    lines: list[Line]
    last: Line | None = None
    note: str = ""

    def markdown(self, mark: str = "", level: int = 2) -> str:
        """Lay the table out as Markdown, `mark` before its heading of `level`; what is best is bold."""
        note = f"\n{self.note}\n" if self.note else ""
        return f"{'#' * level} {mark}{self.heading}\n\n{self.markdown_body()}{note}"

    def markdown_body(self) -> str:
        """Lay the lines out as Markdown, without heading and note."""
        lines = [self._texts(line) for line in self.lines]
        if self.last:
            name, *cells = self._texts(self.last)
            lines.append([f"*{name}*", *cells])
        return markdown_lines([self.names, *self.columns], lines)

    def _texts(self, line: Line) -> list[str]:
        if line.failed:
            return [line.name, line.failed, *[""] * (len(self.columns) - 1)]
        return [line.name, *(cell.bold for cell in line.cells)]
