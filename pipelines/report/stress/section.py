"""A bad day: what every row scores on images of disturbed pairs, and what of it is more than chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from downstream.datasets import DetectionData, SegmentationData
from fusion.storage import write_csv
from fusion.stress import Condition
from pipelines.report.elements import Picture, Section
from pipelines.report.facts import dataset_name, split_name
from pipelines.report.figures.stress import draw_heat_map, draw_severities
from pipelines.report.reader import Reader, image_groups
from pipelines.report.significance import Difference, ImageGroups, differences
from pipelines.report.stress.scores import CLEAN, ByCondition, Scores, columns_of, combine, remembered, retentions
from pipelines.report.stress.tables import score_table, sentence, verdict_table
from pipelines.report.verdicts import DIFFERENCE_COLUMNS, difference_values, overall_table
from pipelines.rows import SOURCES, Experiment, RunId, TaskScores, run_rows, stress_stage, write_results
from pipelines.sample import SAMPLE_MARK
from pipelines.stages import Inputs

Draw = Callable[[Path, Condition, Mapping[str, Path]], list[Picture]]


def stress_sections(
    out_dir: Path,
    experiment: Experiment,
    inputs: Inputs,
    task: TaskScores,
    data: DetectionData | SegmentationData,
    reader: Reader,
    draw: Draw,
) -> list[Section]:
    """Write stress.csv, stress.json, stress_differences.csv and the pictures, and return the section about them.

    Args:
        out_dir: the report's folder.
        experiment: what is reported.
        inputs: of the report stage.
        task: what was scored.
        data: the data set.
        reader: of the stages of runs and conditions.
        draw: draws a scene under a condition into a folder, given the folder of each row's stage.

    Returns:
        One section; none without conditions.
    """
    conditions = experiment.settings.stress.conditions
    if not conditions:
        return []
    tested = _read(experiment, inputs, task, data, reader)
    write_results(out_dir, [row for one in conditions for row in tested.rows[one]], "stress")
    scores, groups = Scores(tested, columns_of(conditions), task.main), image_groups(experiment, data, reader)
    baseline, mark = experiment.settings.baseline, SAMPLE_MARK if experiment.is_sample else ""
    title = f"{mark}{experiment.settings.name}, {task.means[task.main]}"
    compared = _compare(tested, groups, baseline)
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
        summaries = {name: found for name, found in of_main.items() if name not in map(_label, [None, *conditions])}
        tables += [
            replace(overall_table(found, task.means[task.main], str(baseline)), heading=f"More than chance? {name}")
            for name, found in summaries.items()
        ]
    scenes = [picture for one in conditions for picture in _scene(out_dir, experiment, inputs, one, draw)]
    said = sentence(scores, of_main, task, baseline)
    return [Section("A bad day", [f"{said}\n", *pictures, *tables, *scenes])]


def _label(condition: Condition | None) -> str:
    return condition.label if condition else CLEAN


def _runs(experiment: Experiment) -> list[RunId]:
    return [run_id for run_id in experiment.runs if experiment.can_be_stressed(experiment.row(run_id.fuser))]


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
        part, runs = f"{split}, {condition}" if condition else split, _runs(experiment)
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


def _compare(tested: ByCondition, groups: ImageGroups, baseline: str | None) -> dict[str, list[Difference]]:
    """Compare all rows with the baseline, by column."""
    found = {}
    for name, weights in columns_of([one for one in tested.rows if one]).items():
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
        for run_id in _runs(experiment)
        for condition in experiment.settings.stress.conditions
    }
    if failed := [f"{what} ({reason})" for what, reason in reasons.items() if reason]:
        parts.append(f"Failed: {'; '.join(failed)}.")
    return " ".join(parts)


def _scene(out_dir: Path, experiment: Experiment, inputs: Inputs, condition: Condition, draw: Draw) -> list[Picture]:
    """Draw what every row shows of one scene under a condition, and what its network predicts there."""
    folders = dict[str, Path]()
    for run_id in _runs(experiment):
        if (stage := _stage(run_id, condition)) in inputs.folders:
            folders.setdefault(run_id.fuser, inputs[stage])
    if not experiment.settings.panels or SOURCES[1] not in folders:
        return []
    name = f"stress/{condition}"
    pictures = draw(out_dir / name, condition, folders)
    return [Picture(f"{condition.label}, {picture.caption}", f"{name}/{picture.name}") for picture in pictures]


def shown_under(folders: Mapping[str, Path]) -> dict[str, Path]:
    """Return the image below each row's predictions by row: what its network sees, or else the visible image.

    Args:
        folders: of the stages of one condition, by row, with that of row visible.
    """
    (visible,) = (folders[SOURCES[1]] / "images").iterdir()
    return {row: next(folder.glob("images/*"), visible) for row, folder in folders.items()}
