"""The tables of a report in LaTeX, ready for a paper."""

from __future__ import annotations

from collections.abc import Sequence

from fusion.markdown import Cell
from pipelines.report.elements import Table, TableRow

_HEAD = """\
% The tables of report.md. In the preamble: \\usepackage{booktabs,graphicx}
% Names with non-Latin letters need lualatex or xelatex and a font for them; pdflatex stops.
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
    "[": "{[}",  # at the start of a line, [ and * would belong to the \\ before them
    "*": "{*}",
    "±": r"$\pm$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
}


def latex_text(text: str) -> str:
    """Escape LaTeX's special characters, turn arrows and ± into commands, and drop unprintable characters."""
    return "".join(_ESCAPES.get(letter, letter) for letter in " ".join(text.split()) if letter.isprintable())


def latex_tables(tables: Sequence[Table], mark: str = "") -> str:
    """Format tables with booktabs, each captioned by `mark` and its heading; the best of a column is bold.

    Tables wider than a page are scaled down to its width.
    """
    return "\n".join([_HEAD, *(_latex_table(table, mark) for table in tables)])


def _latex_table(table: Table, mark: str) -> str:
    wide = len(table.columns) > _WIDEST
    rows = [_row(row, len(table.columns)) for row in table.rows]
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


def _row(row: TableRow, columns: int) -> str:
    if row.failed:
        return rf"{latex_text(row.name)} & \multicolumn{{{columns}}}{{l}}{{{latex_text(row.failed)}}} \\"
    return " & ".join([latex_text(row.name), *(_cell(cell) for cell in row.cells)]) + r" \\"


def _cell(cell: Cell) -> str:
    text = "--" if cell.text == "-" else latex_text(cell.text)
    if cell.text.startswith(("+", "-")) and cell.text[1:2].isdigit():
        text = f"${text}$"  # a minus sign instead of a hyphen
    return rf"\textbf{{{text}}}" if cell.best else text
