"""Everything that the report of a detection or segmentation pipeline shows, and gathering what both share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from downstream.datasets import DetectionData, SegmentationData
from downstream.segmentation import Confusion
from fusion.scoring import write_scores
from pipelines.report.agreement import Agreement, agreement_table
from pipelines.report.answer import answer
from pipelines.report.costs import cost_columns, cost_note, load_costs
from pipelines.report.elements import Section, Table
from pipelines.report.facts import Facts, dataset_name, split_name
from pipelines.report.html.charts import ChartGroup
from pipelines.report.panels import Panel
from pipelines.report.provenance import Made, provenance_tables
from pipelines.report.reader import Reader, image_groups, resampled_runs
from pipelines.report.results import column, daytime_rows, daytime_table, daytimes, fold_table, result_tables
from pipelines.report.verdicts import Comparison, write_comparison
from pipelines.rows import (
    SOURCES,
    Experiment,
    ResultRow,
    RunId,
    TaskScores,
    failures,
    fold_folder,
    load_fusion_scores,
    load_pairs,
    mean_over_seeds,
    run_rows,
)
from pipelines.sample import SAMPLE_MARK
from pipelines.stages import Inputs

_EXPLANATION = """\
- `-` means undefined: the test images hold no object of that kind, or a row has no such number. **Bold** marks the best
  of a column. With several seeds a cell is mean ± standard deviation; a difference within the spread may be noise. A
  fuser with a failed run is never bold.
- **rank correlation** is Spearman's: +1 where a metric ranks the fusions as the network's score does, counted in its
  better direction (↑ or ↓), 0 where the two are unrelated. The two sources are left out, since they are no fusions.
  With so few fusions a high value may be chance. scores.csv has every image, means.csv means with bootstrap intervals.
- **level** says where the two cameras meet: not at all (source), in the image (pixel), in one network of four channels
  (input), or in the predictions of several networks (decision); external predictions come from other code. Rows without
  fused images have no fusion metrics, and their predictions are shown on the visible image.
- **fusing ms** is the time per frame to make what the network sees of the two images, and to merge what several
  networks predict; **network ms** that of all networks, from image to boxes or masks. One frame at a time, with the
  first seed and fold, while no other stage of this pipeline ran; without reading, registering and writing images. A
  late row has the sum of its members and of merging. Rows whose networks are alike differ in network ms by chance
  alone, as on a machine that is busy with something else.
- The rows **infrared** and **visible** are networks trained on one source alone, and **average** is the simplest
  fusion. A fusion method is worth its cost only where it beats all three.
"""


@dataclass(frozen=True)
class Report:
    """All that a report shows.

    Attributes:
        name: of the pipeline.
        is_sample: whether the data is the built-in sample.
        task: what was scored.
        rows: the results, of one data set and split.
        fusers: order of the table rows.
        classes: order of the class columns.
        facts: names and values of what a reader needs to judge or repeat the run.
        agreement: the fusion metrics of the same test images.
        sections: the task's own pictures in report.md, in place of which the HTML page shows `curves`, `panels` and
            `confusions`.
        levels: the level of every row.
        costs: columns of the first table after the scores, each a text by row.
        note: below that table: on what the costs were measured.
        baseline: the row that all others are compared with.
        comparison: the differences to it with their tables, if there are any.
        daytime: rows from `daytime_rows`.
        by_fold: the results of every fold, if there are folds.
        provenance: the table of what each row was computed with, if rows differ in it.
        curves: charts of the HTML page.
        panels: the scenes shown.
        confusions: (C, C) pixel counts by fuser, true classes in rows, predicted ones in columns.
        stress: the section about conditions, if there are any.
    """

    name: str
    is_sample: bool
    task: TaskScores
    rows: list[ResultRow]
    fusers: list[str]
    classes: list[str]
    facts: list[tuple[str, str]]
    agreement: Agreement
    sections: list[Section] = field(default_factory=list)
    levels: dict[str, str] = field(default_factory=dict)
    costs: dict[str, dict[str, str]] = field(default_factory=dict)
    note: str = ""
    baseline: str | None = None
    comparison: Comparison = field(default_factory=lambda: Comparison([], []))
    daytime: list[ResultRow] = field(default_factory=list)
    by_fold: list[ResultRow] = field(default_factory=list)
    provenance: list[Table] = field(default_factory=list)
    curves: list[ChartGroup] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    confusions: dict[str, Confusion] = field(default_factory=dict)
    stress: list[Section] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """The prefix of every heading and figure title."""
        return SAMPLE_MARK if self.is_sample else ""

    @property
    def title(self) -> str:
        """The name of the pipeline behind the mark."""
        return f"{self.mark}{self.name}"

    @property
    def answer(self) -> str:
        """What to feed the network with, in a few sentences; "" without any score."""
        failed = {row["fuser"] for row in failures(self.rows)}
        means = {row: mean for row, mean in mean_over_seeds(self.rows, self.task.main).items() if row not in failed}
        found = [one for one in self.comparison.found if one.name == (self.task.main, "all")]
        seeds = len({row["seed"] for row in self.rows})
        return answer(means, self.task.means[self.task.main], self.baseline, found, seeds)

    @property
    def explanation(self) -> str:
        """How to read the tables, as a Markdown list."""
        return self.task.explanation + _EXPLANATION

    @property
    def tables(self) -> list[Table]:
        """The result tables, with those by day and night where the file names tell which is which."""
        levels = {"level": self.levels} if self.levels else {}
        tables = [*result_tables(self.rows, self.task, self.fusers, self.classes, levels, self.costs, self.note)]
        tables[1:1] = self.comparison.tables
        if self.daytime:
            tables.append(daytime_table(self.daytime, failures(self.rows), self.task, self.fusers))
        if self.by_fold:
            tables.append(fold_table(self.by_fold, self.task, self.fusers))
        return [*tables, *self.provenance]

    @property
    def metrics(self) -> list[Table]:
        """The table of fusion metrics beside the main score, if there are any metrics."""
        if not self.agreement.means:
            return []
        return [agreement_table(self.agreement, column(self.rows, self.fusers, self.task.main))]


def gather_report(
    out_dir: Path,
    experiment: Experiment,
    inputs: Inputs,
    task: TaskScores,
    data: DetectionData | SegmentationData,
    facts: Facts,
    made: Made,
    reader: Reader,
) -> Report:
    """Gather what detection and segmentation report alike; `dataclasses.replace` adds pictures and curves.

    Writes scores.csv, means.csv, means.json and differences.csv.

    Args:
        out_dir: the report's folder.
        experiment: what is reported.
        inputs: of the report stage.
        task: what was scored.
        data: the data set.
        facts: names and values of what a reader needs to judge or repeat the run.
        made: from `collect_provenance`.
        reader: of the scoring stages.
    """
    fusers, runs, test = experiment.row_names, experiment.runs, data.of("test")
    dataset, split = dataset_name(experiment), split_name(experiment, data.split_name)
    rows = [row for run_id in runs for row in run_rows(run_id, task, inputs, dataset, split, len(test))]
    fused = load_fusion_scores(
        [row.name for row in experiment.fused_rows], experiment.settings.metrics.convention, inputs
    )
    means = write_scores(out_dir, fused.rows, fused.convention)
    stems = [item.pair.stem for item in test]
    parts, costs = daytimes(stems), load_costs(experiment, inputs)
    done = [run_id for run_id in runs if parts and run_id.scoring_stage in inputs.folders]
    scorers = {run_id: reader.scorer(inputs[run_id.scoring_stage]) for run_id in done}
    return Report(
        name=experiment.settings.name,
        is_sample=experiment.is_sample,
        task=task,
        rows=rows,
        fusers=fusers,
        classes=list(data.classes),
        facts=facts,
        agreement=Agreement(fused.convention, means, task.main, mean_over_seeds(rows, task.main)),
        levels={row.name: row.level for row in experiment.rows},
        costs=cost_columns(experiment, costs),
        note=cost_note(experiment, inputs, costs),
        baseline=experiment.settings.baseline,
        comparison=write_comparison(
            out_dir, experiment, task, resampled_runs(runs, inputs, reader), image_groups(experiment, data, reader)
        ),
        daytime=daytime_rows(parts, scorers, dataset, split),
        by_fold=_fold_rows(experiment, task, inputs, dataset),
        provenance=provenance_tables(made),
    )


def shown_images(experiment: Experiment, shown: Mapping[str, RunId], inputs: Inputs, stem: str) -> dict[str, Path]:
    """Return the image under the predictions of each of the shown runs, by row: fused, or else that of row visible."""
    fusions = {
        name: experiment.fusion_of(run_id) if experiment.row(name).fuses else SOURCES[1]
        for name, run_id in shown.items()
    }
    return {name: inputs[f"fuse/{fusion}"] / "images" / f"{stem}.png" for name, fusion in fusions.items()}


def first_trainings(experiment: Experiment, shown: Mapping[str, RunId], inputs: Inputs) -> dict[str, Path]:
    """Return the folder of the training behind each of the shown runs, with folds of the first, by row that trains."""
    trained = {name: run_id for name, run_id in shown.items() if experiment.row(name).trains}
    return {name: inputs[experiment.trainings(run_id)[0].training_stage] for name, run_id in trained.items()}


def _fold_rows(experiment: Experiment, task: TaskScores, inputs: Inputs, dataset: str) -> list[ResultRow]:
    """Read the scores of every fold; the name of the split is that of the fold."""
    rows = []
    for fold in experiment.folds:
        images = len(load_pairs(fold_folder(inputs["prepare"], fold), "test"))
        for run_id in experiment.runs:
            rows += run_rows(run_id._replace(fold=fold), task, inputs, dataset, f"fold {fold}", images)
    return rows
