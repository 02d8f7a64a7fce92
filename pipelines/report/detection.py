"""The report of a detection pipeline, from what its stages left behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from downstream.datasets import Box, DetectionData, LabelledPair, load_detection_data
from downstream.detection import DetectionMatches, Prediction, bootstrap_map, load_predictions, training_losses
from fusion.storage import read_json
from pipelines.report.contents import gather_report
from pipelines.report.elements import Picture, Section
from pipelines.report.facts import detection_facts
from pipelines.report.figures.boxes import LOWEST_SCORE
from pipelines.report.figures.curves import draw_loss_curves, draw_pr_curves
from pipelines.report.html.chart_groups import loss_by_epoch, precision_recall
from pipelines.report.panels import Panel, blocks, write_panels
from pipelines.report.report import write_report
from pipelines.report.significance import Resample
from pipelines.rows import (
    CURVES,
    DETECTION,
    MATCHES,
    PREDICTIONS,
    Experiment,
    RunId,
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

    def load_scorer(folder: Path) -> SubsetScorer:
        return detection_scorer(folder, data.of("test"), data.classes)

    facts = detection_facts(experiment, data)
    report = gather_report(out_dir, experiment, inputs, DETECTION, data, facts, _resample, load_scorer)
    if shown := first_finished(experiment.runs, inputs):
        curves = {fuser: read_json(inputs[r.scoring_stage] / CURVES) for fuser, r in shown.items()}
        losses = {fuser: training_losses(inputs[r.training_stage]) for fuser, r in shown.items()}
        panels = _panels(_shown(data, experiment.settings.panels), shown, inputs)
        report = replace(
            report,
            sections=_sections(out_dir, curves, losses, data, panels, report.title),
            curves=[precision_recall(curves, report.fusers), loss_by_epoch(losses, report.fusers)],
            panels=panels,
        )
    write_report(out_dir, report)


def _resample(folder: Path) -> Resample:
    matches = DetectionMatches.load(folder / MATCHES)
    return lambda counts: bootstrap_map(matches, counts, thresholds=(0,))[:, 0]  # at IoU .5


def _sections(
    out_dir: Path,
    curves: dict[str, dict[str, list[float]]],
    losses: dict[str, dict[int, float]],
    data: DetectionData,
    panels: list[Panel],
    title: str,
) -> list[Section]:
    draw_pr_curves(out_dir / "pr_curves.png", curves, f"{title}, precision at IoU .5")
    draw_loss_curves(out_dir / "losses.png", losses, title)
    sections = [
        Section("Precision and recall", [Picture("precision-recall curves", "pr_curves.png")]),
        Section("Training", [Picture("training loss by epoch", "losses.png")]),
    ]
    if panels:
        note = f"Ground-truth boxes are dashed; detections have a score of {LOWEST_SCORE} or more.\n"
        sections.append(Section("Scenes", [note, *write_panels(out_dir, panels, title, data.classes)]))
    return sections


def _shown(data: DetectionData, count: int) -> list[LabelledPair]:
    """Choose scenes spread over the test images, preferring those with many objects."""
    test = data.of("test")
    return [max(block, key=lambda item: len(item.boxes)) for block in blocks(test, count)]


def _panels(items: list[LabelledPair], shown: dict[str, RunId], inputs: Inputs) -> list[Panel]:
    predictions = {fuser: load_predictions(inputs[r.scoring_stage] / PREDICTIONS) for fuser, r in shown.items()}
    return [_panel(item, predictions, inputs) for item in items]


def _panel(item: LabelledPair, predictions: dict[str, list[Prediction]], inputs: Inputs) -> Panel:
    stem = item.pair.stem
    found: dict[str, list[tuple[Box, float]]] = {
        fuser: [(p.box, p.score) for p in of_fuser if p.stem == stem] for fuser, of_fuser in predictions.items()
    }
    images = {fuser: inputs[f"dataset/{fuser}"] / "images" / "test" / f"{stem}.png" for fuser in found}
    return Panel(stem, item.pair.infrared, item.pair.visible, images, item.boxes, found)
