"""The report as one self-contained HTML page.

- `page`: the content of a page, and writing it; `page.html`, `page.css` and `page.js` are its template.
- `markup`: tables, confusion matrices, facts and short Markdown texts.
- `charts`, `chart_groups`: charts as SVG, and which charts a page shows.
- `pictures`: images, masks and figures, reduced until the page is small enough.
- `scenes`: the data of the image comparison, which `compare.html` and `compare.js` show.

The rest of the report uses `Page`, `write_page`, `ChartGroup`, and the functions in `chart_groups`.
"""
