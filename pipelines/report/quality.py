"""Gather what the stages of a fusion quality pipeline left behind into its report."""

from __future__ import annotations

from pathlib import Path

from downstream.datasets import SPLITS
from fusion.markdown import markdown_lines
from fusion.scoring import Means, arrow, metric_cells, write_scores
from fusion.storage import write_text
from pipelines.config import Settings
from pipelines.report.effects import effects_section
from pipelines.report.facts import Facts, fuser_facts, run_facts
from pipelines.report.html.page import Page, write_page
from pipelines.report.latex import latex_tables
from pipelines.report.panels import Panel, spread, write_panels
from pipelines.report.quality_tables import quality_tables
from pipelines.report.section import Section
from pipelines.rows import SOURCES, fuser_names, load_pairs
from pipelines.sample import SAMPLE_MARK, SAMPLE_NOTE
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks import FusionScores, analysed_fusers, load_fusion_scores

_EXPLANATION = """\
- The convention says whose definition stands behind each number; the README's metric card tells them apart.
- scores.csv has every image, means.csv the means with 95 % bootstrap intervals over images. Two means whose intervals
  overlap widely may differ by the choice of images alone.
- The rows **infrared** and **visible** are the sources themselves: a metric that praises them praises a fusion that
  drops the other camera.
"""


def quality_report_stage(settings: Settings, is_sample: bool, command: str) -> Stage:
    """Give the stage that writes the report; a failed fuser is a row of it."""
    fusers = fuser_names(settings)

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        scores = load_fusion_scores(settings, fusers, inputs)
        means = write_scores(out_dir, scores.rows, scores.convention)
        mark = SAMPLE_MARK if is_sample else ""
        title = f"{mark}{settings['name']}"
        facts = [*_data_facts(settings, inputs, is_sample), *fuser_facts(settings), *run_facts(command)]
        note = SAMPLE_NOTE if is_sample else ""
        tables = quality_tables(means, scores, settings["metrics"]["published"])
        panels = _panels(settings, fusers, inputs)
        scenes = [Section("Scenes", write_panels(out_dir, panels, title))] if panels else []
        effects = effects_section(out_dir, settings, inputs, title, is_sample)
        page = [
            f"# {title}\n",
            f"**{note}**\n" if note else "",
            f"## {mark}The run\n\n{markdown_lines(('fact', 'value'), facts)}",
            *(table.markdown(mark) for table in tables),
            *(section.markdown(mark) for section in (*scenes, *effects)),
            f"## How to read the table\n\n{_EXPLANATION}",
        ]
        write_text(out_dir / "report.md", "\n".join(part for part in page if part))
        write_text(
            out_dir / "results.tex",
            latex_tables([*tables, *(table for section in effects for table in section.tables)], mark),
        )
        html = Page(settings["name"], mark, note, "", facts, tables, _EXPLANATION, panels=panels, sections=effects)
        write_page(out_dir / "report.html", html)
        write_text(out_dir / "summary.txt", _summary(means, scores, title))
        return {"failed": list(scores.failed)}

    of_fusers = [f"{stage}/{fuser}" for fuser in fusers for stage in ("fuse", "score_fusion")]
    needs = ("prepare", *of_fusers, *(f"effects/{fuser}" for fuser in analysed_fusers(settings)))
    decisive = {"name": settings["name"], "panels": settings["panels"]}
    return Stage("report", run, decisive, needs=needs, version=3)


def _data_facts(settings: Settings, inputs: Inputs, is_sample: bool) -> Facts:
    counts = {name: len(load_pairs(inputs["prepare"], name)) for name in SPLITS}
    split = "sample" if is_sample else settings["data"]["split"]
    return [
        ("data", "built-in SAMPLE" if is_sample else settings["data"]["name"]),
        ("split", f"{split}: {', '.join(f'{count} {name}' for name, count in counts.items() if count)}"),
        ("metrics", f"of the test images, convention {settings['metrics']['convention']}"),
    ]


def _panels(settings: Settings, fusers: list[str], inputs: Inputs) -> list[Panel]:
    """Choose scenes spread over the test images."""
    fusions = [fuser for fuser in fusers if fuser not in SOURCES and f"fuse/{fuser}" in inputs.folders]
    shown = spread(load_pairs(inputs["prepare"], "test"), settings["panels"])
    return [
        Panel(
            p.stem,
            p.infrared,
            p.visible,
            {name: inputs[f"fuse/{name}"] / "images" / f"{p.stem}.png" for name in fusions},
        )
        for p in shown
    ]


def _summary(means: Means, scores: FusionScores, title: str) -> str:
    """Lay the means out as plain text for a terminal, one line per metric; * marks the best of a line."""
    methods = list(dict.fromkeys(row.method for row in scores.rows))
    lines = [[title, *methods]]
    for metric, of_metric in means.items():
        cells = metric_cells(of_metric, scores.convention, metric)
        texts = [f"{cells[method].text}{'*' if cells[method].best else ' '}" for method in methods]
        lines.append([f"{metric} {arrow(scores.convention, metric)}", *texts])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines]
    failed = [f"{fuser}: failed: {reason}" for fuser, reason in scores.failed.items()]
    return "\n".join([*table, *failed, "(* best of a line)"]) + "\n"
