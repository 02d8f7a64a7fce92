"""Charts under their heading, with the legend they share."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pipelines.report.html.charts import ChartGroup, chart_svg, key_svg, series_class


def charts_html(groups: Sequence[ChartGroup], mark: str) -> str:
    """Lay groups of charts out, `mark` before their headings."""
    return "".join(_group(group, mark) for group in groups)


def _group(group: ChartGroup, mark: str) -> str:
    names = {series.name: series for chart in group.charts for series in chart.series}
    keys = "".join(
        f'<li class="{series_class(series.number)}" data-name="{escape(name)}">{key_svg(series)}{escape(name)}</li>'
        for name, series in names.items()
    )
    figures = "".join(
        f"<figure><figcaption>{escape(chart.title)}</figcaption>{chart_svg(chart)}</figure>\n" for chart in group.charts
    )
    return (
        f'<h3>{escape(mark + group.heading)}</h3>\n<ul class="key" data-charts>{keys}</ul>\n'
        f'<div class="charts">\n{figures}</div>\n' + (f"<p>{escape(group.note)}</p>\n" if group.note else "")
    )
