"""Tables, confusion matrices, facts and short Markdown texts as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from downstream.segmentation import Confusion, class_shares
from fusion.markdown import Cell
from pipelines.report.elements import Table, TableRow

_NOTE = (
    "Percentage of the pixels of each true class (row) that were predicted as each class (column). Values below 0.5 % "
    "are left blank."
)
_MIN_SHOWN = 0.005
_LIGHT_TEXT = 0.55  # a cell above this share is so dark that its text has the colour of the page


def table_html(table: Table, mark: str) -> str:
    """Format a table for sorting by page.js: every column heading is a button, and every cell has a numeric value.

    A failed row shows its reason across all columns. `mark` is put before the heading.
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
    """Format names and values as a description list."""
    pairs = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f"<dl>{pairs}</dl>\n"


def failures_html(failed: Sequence[tuple[str, str]], mark: str) -> str:
    """Format the failed runs and their reasons under a heading that begins with `mark`."""
    return f"<h3>{escape(mark)}Failed runs</h3>\n{facts_html(failed)}"


def confusions_html(confusions: Mapping[str, Confusion], classes: Sequence[str]) -> str:
    """Format a confusion matrix per fuser; the darker a cell, the larger the share.

    Args:
        confusions: by fuser, (C, C) pixel counts, true classes in rows and predicted classes in columns.
        classes: names of the C classes.
    """
    tables = "".join(_matrix(fuser, confusion, classes) for fuser, confusion in confusions.items())
    return f'<p class="hint">{_NOTE}</p>\n<div class="matrices">\n{tables}</div>\n'


def _matrix(fuser: str, confusion: Confusion, classes: Sequence[str]) -> str:
    heads = "".join(f'<th scope="col"><span>{escape(name)}</span></th>' for name in classes)
    rows = "".join(
        f'<tr><th scope="row">{escape(true)}</th>'
        + "".join(
            _share_cell(share, f"{true} predicted as {name}: {pixels} pixels")
            for name, share, pixels in zip(classes, shares, counts, strict=True)
        )
        + "</tr>\n"
        for true, shares, counts in zip(classes, class_shares(confusion).tolist(), confusion.tolist(), strict=True)
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(fuser)}, confusion matrix">\n'
        f"<table><caption>{escape(fuser)}</caption><thead><tr><td></td>{heads}</tr></thead>\n"
        f"<tbody>{rows}</tbody></table></div>\n"
    )


def _share_cell(share: float, tooltip: str) -> str:
    dark = ' class="dark"' if share > _LIGHT_TEXT else ""
    text = f"{100 * share:.0f}" if share >= _MIN_SHOWN else ""
    return f'<td{dark} style="--share:{share:.3f}" title="{escape(tooltip)}">{text}</td>'


def markdown_html(text: str) -> str:
    """Convert a flat Markdown list with **bold** and `code` to HTML.

    Example:
        >>> print(markdown_html("- **IoU** of a class"), end="")
        <ul><li><strong>IoU</strong> of a class</li></ul>
    """
    items = [" ".join(item.split()) for item in re.split(r"^- ", text, flags=re.MULTILINE) if item.strip()]
    return f"<ul>{''.join(f'<li>{_inline(item)}</li>' for item in items)}</ul>\n"


def paragraphs_html(text: str) -> str:
    """Convert Markdown paragraphs with **bold** and `code` to HTML."""
    return "".join(f"<p>{_inline(' '.join(part.split()))}</p>\n" for part in text.split("\n\n"))


def _inline(text: str) -> str:
    bold = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(text))
    return re.sub(r"`(.+?)`", r"<code>\1</code>", bold)


def _head(text: str, first: str) -> str:
    return f'<th scope="col" data-first="{first}"><button type="button">{escape(_unbroken(text))}</button></th>'


def _unbroken(text: str) -> str:
    """Put a no-break space before a final arrow."""
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
    """Return the number at the start of a cell as JavaScript writes it, or an empty string."""
    first = text.split(" ")[0]
    try:
        return repr(float(first)).replace("inf", "Infinity")
    except ValueError:
        return ""
