"""The report of a fusion quality pipeline, from what its stages left behind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fusion.markdown import Cell, markdown_table
from fusion.scoring import Means, arrow, left_out_note, metric_cells, write_scores
from fusion.storage import write_text
from pipelines.report.effects import effects_sections
from pipelines.report.elements import Section, Table, TableRow
from pipelines.report.facts import quality_facts
from pipelines.report.html.page import Page, write_page
from pipelines.report.latex import latex_tables
from pipelines.report.panels import Panel, spread, write_panels
from pipelines.report.provenance import collect_provenance, provenance_tables
from pipelines.report.stress.quality import stress_quality_sections
from pipelines.rows import SOURCES, Experiment, FusionScores, load_fusion_scores, load_pairs
from pipelines.sample import SAMPLE_MARK, SAMPLE_NOTE
from pipelines.stages import Inputs

_EXPLANATION = """\
- The convention decides which definition each number follows; fusion/metrics/README.md lists the differences.
- scores.csv has every image, means.csv the means with 95 % bootstrap intervals over images. Two means whose intervals
  overlap widely may differ by the choice of images alone.
- The rows **infrared** and **visible** are the sources themselves: a metric that favours them favours a fusion that
  drops the other camera.
"""


def write_quality_report(out_dir: Path, experiment: Experiment, inputs: Inputs) -> list[str]:
    """Write the report of a fusion quality pipeline into `out_dir`; a failed fuser is a row with its reason.

    Returns:
        Names of the rows that failed.

    Raises:
        InputError: a file cannot be written.
    """
    settings = experiment.settings
    scores = load_fusion_scores(experiment.row_names, settings.metrics.convention, inputs)
    means = write_scores(out_dir, scores.rows, scores.convention)
    mark, note = (SAMPLE_MARK, SAMPLE_NOTE) if experiment.is_sample else ("", "")
    title = f"{mark}{settings.name}"
    made = collect_provenance(experiment, inputs)
    facts = quality_facts(experiment, inputs, made)
    tables = quality_tables(means, scores, settings.metrics.published)
    tables += provenance_tables(made)
    panels = _panels(experiment, inputs)
    scenes = [Section("Scenes", write_panels(out_dir, panels, title))] if panels else []
    further = stress_quality_sections(out_dir, experiment, inputs, scores)
    further += effects_sections(out_dir, experiment, inputs, title)
    page = [
        f"# {title}\n",
        f"**{note}**\n" if note else "",
        f"## {mark}The run\n\n{markdown_table(('fact', 'value'), facts)}",
        *(table.markdown(mark) for table in tables),
        *(section.markdown(mark) for section in (*scenes, *further)),
        f"## How to read the table\n\n{_EXPLANATION}",
    ]
    write_text(out_dir / "report.md", "\n".join(part for part in page if part))
    all_tables = [*tables, *(table for section in further for table in section.tables)]
    write_text(out_dir / "results.tex", latex_tables(all_tables, mark))
    html = Page(settings.name, mark, note, "", facts, tables, _EXPLANATION, panels=panels, sections=further)
    write_page(out_dir / "report.html", html)
    write_text(out_dir / "summary.txt", _summary(means, scores, title))
    return list(scores.failed)


def quality_tables(means: Means, scores: FusionScores, published: Mapping[str, Mapping[str, float]]) -> list[Table]:
    """Build the table of means, one row per fuser, and a table of published values if there are any.

    Args:
        means: of `scores`.
        scores: of every image; a fuser without any is a row with its reason.
        published: by row name and metric.
    """
    convention = scores.convention
    methods = list(dict.fromkeys(row.method for row in scores.rows))
    counts = sorted({max(of_metric[method].n for of_metric in means.values()) for method in methods})
    cells = [metric_cells(of_metric, convention, metric) for metric, of_metric in means.items()]
    rows = [TableRow(method, [of_metric[method] for of_metric in cells]) for method in methods]
    rows += [TableRow(fuser, [], f"failed: {reason}") for fuser, reason in scores.failed.items()]
    tables = [
        Table(
            f"Fusion metrics, convention {convention}, mean over {' or '.join(map(str, counts))} images",
            "method",
            [f"{metric} {arrow(convention, metric)}" for metric in means],
            rows,
            note=f"Best in bold; ↑ higher is better, ↓ lower is better. {left_out_note(means)}".rstrip(),
        )
    ]
    if published:
        of_papers = [
            TableRow(name, [Cell(str(values.get(metric, "-")), False) for metric in means])
            for name, values in published.items()
        ]
        tables.append(Table("Published values, on other images", "row", list(means), of_papers))
    return tables


def _panels(experiment: Experiment, inputs: Inputs) -> list[Panel]:
    """Choose scenes spread over the test images."""
    fusions = [name for name in experiment.row_names if name not in SOURCES and f"fuse/{name}" in inputs.folders]
    shown = spread(load_pairs(inputs["prepare"], "test"), experiment.settings.panels)
    return [
        Panel(pair, {name: inputs[f"fuse/{name}"] / "images" / f"{pair.stem}.png" for name in fusions})
        for pair in shown
    ]


def _summary(means: Means, scores: FusionScores, title: str) -> str:
    """Format the means as plain text for a terminal, one line per metric; * marks the best of a line."""
    methods = list(dict.fromkeys(row.method for row in scores.rows))
    lines = [[title, *methods]]
    for metric, of_metric in means.items():
        cells = metric_cells(of_metric, scores.convention, metric)
        texts = [f"{cells[method].text}{'*' if cells[method].best else ' '}" for method in methods]
        lines.append([f"{metric} {arrow(scores.convention, metric)}", *texts])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines]
    failed = [f"{fuser}: failed: {reason}" for fuser, reason in scores.failed.items()]
    note = left_out_note(means)
    return "\n".join([*table, *([note] if note else []), *failed, "(* best of a line)"]) + "\n"
