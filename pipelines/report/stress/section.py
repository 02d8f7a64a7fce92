"""A bad day: what every row scores on images of disturbed pairs, and what of it is more than chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from downstream.datasets import DetectionData, SegmentationData
from fusion.storage import write_csv
from fusion.stress import Condition, disturb
from pipelines.report.contents import Report
from pipelines.report.elements import Picture, Section
from pipelines.report.facts import dataset_name, split_name
from pipelines.report.figures.stress import draw_heat_map, draw_severities
from pipelines.report.panels import Panel
from pipelines.report.reader import Reader, image_groups
from pipelines.report.significance import Difference, ImageGroups, differences
from pipelines.report.stress.scores import (
    FAILURE,
    MEAN,
    ByCondition,
    Scores,
    Weights,
    columns_of,
    combine,
    remembered,
    retentions,
)
from pipelines.report.stress.tables import score_table, sentence, verdict_table
from pipelines.report.verdicts import DIFFERENCE_COLUMNS, difference_values, overall_table
from pipelines.rows import SOURCES, Experiment, RunId, TaskScores, run_rows, stress_stage, write_results
from pipelines.stages import Inputs

MakePanel = Callable[[str, Mapping[str, Path], Mapping[str, Path]], Panel]  # stem, image and stage folder by row
WritePanels = Callable[[Path, Sequence[Panel], str, Sequence[str]], list[Picture]]


def stress_sections(
    out_dir: Path,
    experiment: Experiment,
    inputs: Inputs,
    report: Report,
    data: DetectionData | SegmentationData,
    reader: Reader,
    make_panel: MakePanel,
    write: WritePanels,
) -> list[Section]:
    """Write stress.csv, stress.json, stress_differences.csv and the pictures, and return the section about them.

    Args:
        out_dir: the report's folder.
        experiment: what is reported.
        inputs: of the report stage.
        report: of the clean test images.
        data: the data set.
        reader: of the stages of runs and conditions.
        make_panel: shows what a row's network sees of a scene, and what it predicted there.
        write: draws panels into a folder.

    Returns:
        One section; none without conditions.
    """
    conditions, task, baseline = experiment.settings.stress.conditions, report.task, report.baseline
    if not conditions:
        return []
    tested = _read(experiment, inputs, task, data, reader)
    write_results(out_dir, [row for one in conditions for row in tested.rows[one]], "stress")
    scores, groups = Scores(tested, columns_of(conditions), task.main), image_groups(experiment, data, reader)
    title = f"{report.title}, {task.means[task.main]}"
    compared = _compare(tested, scores.columns, groups, baseline)
    _write_differences(out_dir / "stress_differences.csv", compared, str(baseline))
    draw_heat_map(out_dir / "stress.png", scores.grid(conditions), title)
    pictures = [Picture("scores by condition", "stress.png")]
    if curves := scores.by_severity(conditions):
        draw_severities(out_dir / "severities.png", curves, task.means[task.main], title)
        pictures.append(Picture("scores by severity", "severities.png"))
    of_main = {
        name: [one for one in found if one.name == (task.main, "all")] for name, found in compared.items() if found
    }
    tables = [score_table(scores, retentions(tested, groups), task, _note(experiment, inputs))]
    if of_main:
        tables.append(verdict_table(of_main, task, str(baseline)))
        tables += [
            replace(
                overall_table(of_main[name], task.means[task.main], str(baseline)), heading=f"More than chance? {name}"
            )
            for name in (MEAN, FAILURE)
            if name in of_main
        ]
    scenes = []
    for condition in conditions if experiment.settings.panels else ():
        if panel := _panel(experiment, inputs, condition, data, make_panel):
            name = f"stress/{condition}"
            pictures_of = write(out_dir / name, [panel], f"{report.mark}{condition.label}", data.classes)
            scenes += [Picture(f"{condition.label}, {one.caption}", f"{name}/{one.name}") for one in pictures_of]
    said = sentence(scores, of_main, task, baseline)
    return [Section("A bad day", [f"{said}\n", *pictures, *tables, *scenes])]


def _stage(run_id: RunId, condition: Condition | None) -> str:
    return stress_stage(run_id, condition) if condition else run_id.scoring_stage


def _read(
    experiment: Experiment,
    inputs: Inputs,
    task: TaskScores,
    data: DetectionData | SegmentationData,
    reader: Reader,
) -> ByCondition:
    dataset, split, images = dataset_name(experiment), split_name(experiment, data.split_name), len(data.of("test"))
    rows, resampled = {}, {}
    for condition in (None, *experiment.settings.stress.conditions):
        part, runs = f"{split}, {condition}" if condition else split, experiment.stressed_runs
        stages = {run_id: _stage(run_id, condition) for run_id in runs}
        rows[condition] = [
            row for run_id in runs for row in run_rows(run_id, task, inputs, dataset, part, images, stages[run_id])
        ]
        failed = {run_id.fuser for run_id in runs if stages[run_id] not in inputs.folders}
        resampled[condition] = {
            name: [remembered(reader.resampled(inputs[stages[run]])) for run in runs if run.fuser == name]
            for name in dict.fromkeys(run_id.fuser for run_id in runs)
            if name not in failed
        }
    return ByCondition(rows, resampled)


def _compare(
    tested: ByCondition, columns: Mapping[str, Weights], groups: ImageGroups, baseline: str | None
) -> dict[str, list[Difference]]:
    """Compare all rows with the baseline, by column."""
    found = {}
    for name, weights in columns.items():
        resampled = combine(tested, weights)
        comparable = baseline is not None and baseline in resampled and len(resampled) > 1
        found[name] = differences(resampled, groups, baseline) if comparable and baseline else []
    return found


def _write_differences(path: Path, compared: Mapping[str, list[Difference]], baseline: str) -> None:
    rows = [(name, *difference_values(one, baseline)) for name, found in compared.items() for one in found]
    write_csv(path, ("condition", *DIFFERENCE_COLUMNS), rows)


def _note(experiment: Experiment, inputs: Inputs) -> str:
    """Say how the scores come about, and what is missing."""
    parts = [
        "The networks are those of the clean pairs; the test images are changed, equally for all rows "
        f"(stress.seed={experiment.settings.stress.seed}). Labels stay where they are, so that a shift of infrared "
        "costs the row infrared, too. **retained** is the mean of the conditions divided by the clean score, with its "
        "95 % interval over test images."
    ]
    if left_out := [row.name for row in experiment.rows if not experiment.can_be_stressed(row)]:
        parts.append(f"Left out, since other code has made what they show: {', '.join(left_out)}.")
    reasons = {
        f"{run_id}, {condition.label}": inputs.failures.get(_stage(run_id, condition))
        for run_id in experiment.stressed_runs
        for condition in experiment.settings.stress.conditions
    }
    if failed := [f"{what} ({reason})" for what, reason in reasons.items() if reason]:
        parts.append(f"Failed: {'; '.join(failed)}.")
    return " ".join(parts)


def _panel(
    experiment: Experiment,
    inputs: Inputs,
    condition: Condition,
    data: DetectionData | SegmentationData,
    make_panel: MakePanel,
) -> Panel | None:
    """Return one scene under a condition; None if the row visible failed, below whose image some rows are shown."""
    folders = dict[str, Path]()
    for run_id in experiment.stressed_runs:
        if (stage := _stage(run_id, condition)) in inputs.folders:
            folders.setdefault(run_id.fuser, inputs[stage])
    if SOURCES[1] not in folders:
        return None
    (visible,) = (folders[SOURCES[1]] / "images").iterdir()
    images = {row: next(folder.glob("images/*"), visible) for row, folder in folders.items()}
    panel = make_panel(visible.stem, images, folders)
    return replace(panel, pair=disturb([panel.pair], condition, experiment.settings.stress.seed)[0])
