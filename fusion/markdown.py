"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Cell(NamedTuple):
    """What a table says of one method in one column; `best` marks every method that no other one beats."""

    text: str
    best: bool

    @property
    def bold(self) -> str:
        """The text, bold where it is best."""
        return f"**{self.text}**" if self.best else self.text


def markdown_lines(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Lay out a Markdown table; what would end a cell or a line inside a text is made harmless."""
    body = [header, ["---"] * len(header), *lines]
    return "".join("| " + " | ".join(" ".join(c.split()).replace("|", "\\|") for c in cells) + " |\n" for cells in body)
