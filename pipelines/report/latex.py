"""The tables of a report in LaTeX, to be put into a paper."""

from __future__ import annotations

from collections.abc import Sequence

from fusion.markdown import Cell
from pipelines.report.table import Line, Table

_HEAD = """\
% The tables of report.md. In the preamble: \\usepackage{booktabs,graphicx}
% Where a name has other than Latin letters, pdflatex stops; lualatex and xelatex, with a font for them, do not.
"""
_WIDEST = 8  # columns of numbers that fit a page's width
_ESCAPES = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",  # at the start of a line it would belong to the \\ before, and so would a star
    "*": "{*}",
    "±": r"$\pm$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
}


def latex_text(text: str) -> str:
    """Escape what LaTeX takes for a command; the signs of the tables become commands, unprintable ones nothing."""
    return "".join(_ESCAPES.get(letter, letter) for letter in " ".join(text.split()) if letter.isprintable())


def latex_tables(tables: Sequence[Table], mark: str = "") -> str:
    """Lay tables out with booktabs, each with its heading as caption behind `mark`; what is best is bold.

    One that is wider than a page is scaled down to its width.
    """
    return "\n".join([_HEAD, *(_latex_table(table, mark) for table in tables)])


def _latex_table(table: Table, mark: str) -> str:
    wide = len(table.columns) > _WIDEST
    rows = [_row(line, len(table.columns)) for line in table.lines]
    last = [r"\midrule", _row(table.last, len(table.columns))] if table.last else []
    head = " & ".join(latex_text(text) for text in (table.names, *table.columns))
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex_text(mark + table.heading)}}}",
        *([r"\resizebox{\linewidth}{!}{%"] if wide else []),
        rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}",
        r"\toprule",
        rf"{head} \\",
        r"\midrule",
        *rows,
        *last,
        r"\bottomrule",
        rf"\end{{tabular}}{'}' if wide else ''}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _row(line: Line, columns: int) -> str:
    if line.failed:
        return rf"{latex_text(line.name)} & \multicolumn{{{columns}}}{{l}}{{{latex_text(line.failed)}}} \\"
    return " & ".join([latex_text(line.name), *(_cell(cell) for cell in line.cells)]) + r" \\"


def _cell(cell: Cell) -> str:
    text = "--" if cell.text == "-" else latex_text(cell.text)
    if cell.text.startswith(("+", "-")) and cell.text[1:2].isdigit():
        text = f"${text}$"  # a minus sign instead of a hyphen
    return rf"\textbf{{{text}}}" if cell.best else text
