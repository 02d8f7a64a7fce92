"""The report of a detection pipeline, from what its stages left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from downstream.datasets import Box, DetectionData, LabelledPair, load_detection_data
from downstream.detection import DetectionMatches, Prediction, bootstrap_ap, load_predictions, training_losses
from fusion.storage import read_json
from pipelines.report.contents import first_trainings, gather_report, shown_images
from pipelines.report.elements import Picture, Section
from pipelines.report.facts import detection_facts
from pipelines.report.figures.boxes import LOWEST_SCORE
from pipelines.report.figures.curves import draw_loss_curves, draw_pr_curves
from pipelines.report.html.chart_groups import loss_by_epoch, precision_recall
from pipelines.report.panels import Panel, blocks, write_panels
from pipelines.report.provenance import collect_provenance
from pipelines.report.reader import Reader
from pipelines.report.report import write_report
from pipelines.report.significance import Counts, Floats, Resampled, ScoreName, mean_over_classes
from pipelines.report.stress.section import stress_sections
from pipelines.rows import (
    CURVES,
    DETECTION,
    MATCHES,
    PREDICTIONS,
    Experiment,
    SubsetScorer,
    detection_scorer,
    first_finished,
)
from pipelines.stages import Inputs


def write_detection_report(out_dir: Path, experiment: Experiment, inputs: Inputs) -> None:
    """Write the report of a detection pipeline into `out_dir`; a failed run is a row with its reason.

    Raises:
        InputError: a file cannot be written.
    """
    data = load_detection_data(inputs["prepare"] / "data.json")
    made = collect_provenance(experiment, inputs)
    facts = detection_facts(experiment, data, inputs, made)
    reader = detection_reader(data)
    report = gather_report(out_dir, experiment, inputs, DETECTION, data, facts, made, reader)

    def panel_of(stem: str, images: Mapping[str, Path], stages: Mapping[str, Path]) -> Panel:
        item = next(one for one in data.of("test") if one.pair.stem == stem)
        found = {row: load_predictions(stage / PREDICTIONS) for row, stage in stages.items()}
        return _panel(item, found, dict(images))

    if shown := first_finished(experiment.runs, inputs):
        curves = {fuser: read_json(inputs[r.scoring_stage] / CURVES) for fuser, r in shown.items()}
        trainings = first_trainings(experiment, shown, inputs)
        losses = {fuser: training_losses(folder) for fuser, folder in trainings.items()}
        found = {fuser: load_predictions(inputs[r.scoring_stage] / PREDICTIONS) for fuser, r in shown.items()}
        panels = [
            _panel(item, found, shown_images(experiment, shown, inputs, item.pair.stem))
            for item in _shown(data, experiment.settings.panels)
        ]
        report = replace(
            report,
            sections=_sections(out_dir, curves, losses, data, panels, report.title),
            curves=[
                *([precision_recall(curves, report.fusers)] if any(curves.values()) else []),
                loss_by_epoch(losses, report.fusers),
            ],
            panels=panels,
        )
    stress = stress_sections(out_dir, experiment, inputs, report, data, reader, panel_of, write_panels)
    write_report(out_dir, replace(report, stress=stress))


def detection_reader(data: DetectionData) -> Reader:
    """Read the boxes that the scoring of a run left."""

    def resampled(folder: Path) -> Resampled:
        return resampled_detections(DetectionMatches.load(folder / MATCHES), data.classes)

    def scorer(folder: Path) -> SubsetScorer:
        return detection_scorer(folder, data.of("test"), data.classes)

    return Reader(resampled, scorer, _shows(data))


def resampled_detections(matches: DetectionMatches, classes: Sequence[str]) -> Resampled:
    """Score a detector on resamples of the test images: mAP50, mAP50:95, and AP50 by class."""

    def score(counts: Counts) -> Floats:
        precision = bootstrap_ap(matches, counts)
        means = (mean_over_classes(precision[:, :, 0]), mean_over_classes(precision.mean(axis=2)))
        return np.column_stack([*means, precision[:, :, 0]])

    names = [ScoreName(metric, "all") for metric in list(DETECTION.means)[:2]]
    return Resampled((*names, *(ScoreName(DETECTION.per_class, name) for name in classes)), score)


def _shows(data: DetectionData) -> dict[str, npt.NDArray[np.bool_]]:
    boxes = [{box.class_name for box in item.boxes if not box.ignore} for item in data.of("test")]
    return {name: np.array([name in shown for shown in boxes]) for name in data.classes}


def _sections(
    out_dir: Path,
    curves: dict[str, dict[str, list[float]]],
    losses: dict[str, dict[int, float]],
    data: DetectionData,
    panels: list[Panel],
    title: str,
) -> list[Section]:
    sections = []
    if any(curves.values()):  # test images without any object have no recall
        draw_pr_curves(out_dir / "pr_curves.png", curves, f"{title}, precision at IoU .5")
        sections.append(Section("Precision and recall", [Picture("precision-recall curves", "pr_curves.png")]))
    draw_loss_curves(out_dir / "losses.png", losses, title)
    sections.append(Section("Training", [Picture("training loss by epoch", "losses.png")]))
    if panels:
        note = f"Ground-truth boxes are dashed; detections have a score of {LOWEST_SCORE} or more.\n"
        sections.append(Section("Scenes", [note, *write_panels(out_dir, panels, title, data.classes)]))
    return sections


def _shown(data: DetectionData, count: int) -> list[LabelledPair]:
    """Choose scenes spread over the test images, preferring those with many objects."""
    test = data.of("test")
    return [max(block, key=lambda item: len(item.boxes)) for block in blocks(test, count)]


def _panel(item: LabelledPair, predictions: dict[str, list[Prediction]], images: dict[str, Path]) -> Panel:
    stem = item.pair.stem
    found: dict[str, list[tuple[Box, float]]] = {
        fuser: [(p.box, p.score) for p in of_fuser if p.stem == stem] for fuser, of_fuser in predictions.items()
    }
    return Panel(item.pair, images, item.boxes, found)
