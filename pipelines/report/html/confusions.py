"""Which classes were taken for which, as HTML tables whose cells are the darker the larger the share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from downstream.segmentation import Confusion, class_shares

_NOTE = "Percent of the pixels of a true class (line) that were taken for a class (column); empty below half a percent."
_SHOWN = 0.005  # a smaller share stays empty
_FROM_BACK = 0.55  # a share above this is so dark that its figure needs the colour of the page


def confusions_html(confusions: Mapping[str, Confusion], classes: Sequence[str]) -> str:
    """Lay out a matrix per fuser.

    Args:
        confusions: by fuser, pixels of a true class (line) by predicted class (column).
        classes: in the order of the class numbers.
    """
    tables = "".join(_matrix(fuser, confusion, classes) for fuser, confusion in confusions.items())
    return f'<p class="hint">{_NOTE}</p>\n<div class="matrices">\n{tables}</div>\n'


def _matrix(fuser: str, confusion: Confusion, classes: Sequence[str]) -> str:
    heads = "".join(f'<th scope="col"><span>{escape(name)}</span></th>' for name in classes)
    lines = "".join(
        f'<tr><th scope="row">{escape(true)}</th>'
        + "".join(
            _cell(share, f"{true} taken for {name}: {pixels} pixels")
            for name, share, pixels in zip(classes, shares, counts, strict=True)
        )
        + "</tr>\n"
        for true, shares, counts in zip(classes, class_shares(confusion).tolist(), confusion.tolist(), strict=True)
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(fuser)}, what is taken for what">\n'
        f"<table><caption>{escape(fuser)}</caption><thead><tr><td></td>{heads}</tr></thead>\n"
        f"<tbody>{lines}</tbody></table></div>\n"
    )


def _cell(share: float, said: str) -> str:
    dark = ' class="dark"' if share > _FROM_BACK else ""
    text = f"{100 * share:.0f}" if share >= _SHOWN else ""
    return f'<td{dark} style="--share:{share:.3f}" title="{escape(said)}">{text}</td>'
