"""Format tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Cell(NamedTuple):
    """One value of a table of results.

    Attributes:
        text: the formatted value.
        best: whether no other row has a better value in this column; several rows may share the best one.
    """

    text: str
    best: bool

    @property
    def bold(self) -> str:
        """The text, bold if it is best."""
        return f"**{self.text}**" if self.best else self.text


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Format a Markdown table; pipes in cells are escaped, and white space is collapsed.

    Example:
        >>> print(markdown_table(["fuser", "SSIM"], [["average", "**0.91**"], ["a|b", "0.88"]]), end="")
        | fuser | SSIM |
        | --- | --- |
        | average | **0.91** |
        | a\|b | 0.88 |
    """
    body = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(" ".join(c.split()).replace("|", "\\|") for c in cells) + " |\n" for cells in body)
