"""Tables, facts and short Markdown as HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from fusion.markdown import Cell
from pipelines.report.elements import Table, TableRow


def table_html(table: Table, mark: str) -> str:
    """Lay a table out so that page.js can sort it: every head holds a button, every cell its number.

    A line that failed says why across all columns. `mark` stands before the heading.
    """
    heads = [_head(table.names, "ascending"), *(_head(text, _best_first(text)) for text in table.columns)]
    body = "".join(_row(row, len(table.columns)) for row in table.rows)
    foot = f"<tfoot>{_row(table.last, len(table.columns))}</tfoot>" if table.last else ""
    heading = escape(mark + table.heading)
    return (
        f'<h3>{heading}</h3>\n<div class="scroll" tabindex="0" role="region" aria-label="{heading}">\n'
        f"<table><thead><tr>{''.join(heads)}</tr></thead>\n<tbody>{body}</tbody>{foot}</table>\n</div>\n"
        + (f"<p>{escape(table.note)}</p>\n" if table.note else "")
    )


def facts_html(facts: Sequence[tuple[str, str]]) -> str:
    """List names and values."""
    pairs = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f"<dl>{pairs}</dl>\n"


def failures_html(failed: Sequence[tuple[str, str]], mark: str) -> str:
    """List which runs failed, and why, under a heading behind `mark`."""
    return f"<h3>{escape(mark)}Failed runs</h3>\n{facts_html(failed)}"


def markdown_html(text: str) -> str:
    """Turn a Markdown list of one level with **bold** and `code` into HTML."""
    items = [" ".join(item.split()) for item in re.split(r"^- ", text, flags=re.MULTILINE) if item.strip()]
    return f"<ul>{''.join(f'<li>{_inline(item)}</li>' for item in items)}</ul>\n"


def paragraphs_html(text: str) -> str:
    """Turn Markdown paragraphs with **bold** and `code` into HTML."""
    return "".join(f"<p>{_inline(' '.join(part.split()))}</p>\n" for part in text.split("\n\n"))


def _inline(text: str) -> str:
    bold = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(text))
    return re.sub(r"`(.+?)`", r"<code>\1</code>", bold)


def _head(text: str, first: str) -> str:
    return f'<th scope="col" data-first="{first}"><button type="button">{escape(_unbroken(text))}</button></th>'


def _unbroken(text: str) -> str:
    """Keep an arrow with the last word before it."""
    return re.sub(r" (?=[↑↓]$)", "\N{NO-BREAK SPACE}", text)


def _best_first(text: str) -> str:
    return "ascending" if text.endswith("↓") else "descending"


def _row(row: TableRow, columns: int) -> str:
    head = f'<th scope="row">{escape(row.name)}</th>'
    if row.failed:
        return f'<tr>{head}<td class="failed" colspan="{columns}">{escape(row.failed)}</td></tr>\n'
    return f"<tr>{head}{''.join(map(_cell, row.cells))}</tr>\n"


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    shown = f"<strong>{text}</strong>" if cell.best else text
    return f'<td data-value="{_number(cell.text)}">{shown}</td>'


def _number(text: str) -> str:
    """Give the number a cell starts with as JavaScript reads it; nothing where there is none."""
    first = text.split(" ")[0]
    try:
        return repr(float(first)).replace("inf", "Infinity")
    except ValueError:
        return ""
