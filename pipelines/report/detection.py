"""Gather what the stages of a detection pipeline left behind into its report."""

from __future__ import annotations

from pathlib import Path

from downstream.datasets import Box, DetectionData, LabelledPair, load_detection_data
from downstream.detection import (
    DetectionMatches,
    DetectorSettings,
    Prediction,
    load_predictions,
    resampled_map,
    training_losses,
)
from fusion.scoring import write_scores
from fusion.storage import read_json
from pipelines.config import Settings
from pipelines.report.agreement import Agreement
from pipelines.report.box_figures import LOWEST_SCORE
from pipelines.report.comparison import resamples_of, write_comparison
from pipelines.report.contents import Report
from pipelines.report.curve_figures import draw_loss_curves, draw_pr_curves
from pipelines.report.daytime import daytime_rows, daytimes
from pipelines.report.detection_facts import detection_facts
from pipelines.report.facts import dataset_name, split_name
from pipelines.report.html.curves import loss_by_epoch, precision_recall
from pipelines.report.panels import Panel, blocks, write_panels
from pipelines.report.report import write_report
from pipelines.report.section import Picture, Section
from pipelines.report.significance import Resample
from pipelines.report.tables import Row, mean_over_seeds
from pipelines.rows import DETECTION, RunOf, detection_scorer, first_finished, run_rows
from pipelines.sample import SAMPLE_MARK
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks import load_fusion_scores

MATCHES = "matches.safetensors"  # which detections were right


def detection_report_stage(
    settings: Settings, runs: list[RunOf], detector: DetectorSettings, is_sample: bool, command: str
) -> Stage:
    """Give the stage that writes the report; a failed run is a row of it."""
    fusers = list(dict.fromkeys(run_of.fuser for run_of in runs))

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        data = load_detection_data(inputs["prepare"] / "data.json")
        dataset, split = dataset_name(settings, is_sample), split_name(data.split_name, is_sample)
        images = len(data.of("test"))
        rows = [row for run_of in runs for row in run_rows(run_of, DETECTION, inputs, dataset, split, images)]
        fused = load_fusion_scores(settings, fusers, inputs)
        means = write_scores(out_dir, fused.rows, fused.convention)
        title = f"{SAMPLE_MARK if is_sample else ''}{settings['name']}"
        shown = first_finished(runs, inputs)
        curves = {fuser: read_json(inputs[f"score_task/{r}"] / "curves.json") for fuser, r in shown.items()}
        losses = {fuser: training_losses(inputs[f"train_task/{r}"]) for fuser, r in shown.items()}
        panels = _panels(_shown(data, settings["panels"]), shown, inputs) if shown else []
        report = Report(
            name=settings["name"],
            is_sample=is_sample,
            task=DETECTION,
            rows=rows,
            fusers=fusers,
            classes=list(data.classes),
            facts=detection_facts(settings, data, detector, is_sample, command),
            agreement=Agreement(fused.convention, means, DETECTION.main, mean_over_seeds(rows, DETECTION.main)),
            comparison=write_comparison(
                out_dir, settings, resamples_of(runs, inputs, _resample), images, DETECTION.main
            ),
            sections=_sections(out_dir, curves, losses, data, panels, title) if shown else [],
            daytime=_daytime(runs, inputs, data, dataset, split),
            curves=[precision_recall(curves, fusers), loss_by_epoch(losses, fusers)] if shown else [],
            panels=panels,
        )
        write_report(out_dir, report)
        return {"failed": [str(run_of) for run_of in runs if f"score_task/{run_of}" in inputs.failures]}

    of_fusers = [f"{stage}/{fuser}" for fuser in fusers for stage in ("dataset", "score_fusion")]
    of_runs = [f"{stage}/{run_of}" for run_of in runs for stage in ("train_task", "score_task")]
    decisive = {name: settings[name] for name in ("name", "panels", "baseline")}
    return Stage("report", run, decisive, needs=("prepare", *of_fusers, *of_runs), version=3)


def _resample(folder: Path) -> Resample:
    matches = DetectionMatches.load(folder / MATCHES)
    return lambda weights: resampled_map(matches, weights)[:, 0]


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
        note = f"True boxes are dashed; detections have a score of {LOWEST_SCORE} or more.\n"
        sections.append(Section("Scenes", [note, *write_panels(out_dir, panels, title, data.classes)]))
    return sections


def _daytime(runs: list[RunOf], inputs: Inputs, data: DetectionData, dataset: str, split: str) -> list[Row]:
    test = data.of("test")
    parts = daytimes(item.pair.stem for item in test)
    done = {run_of: inputs[stage] for run_of in runs if (stage := f"score_task/{run_of}") in inputs.folders and parts}
    scorers = {run_of: detection_scorer(folder, test, data.classes) for run_of, folder in done.items()}
    return daytime_rows(parts, scorers, dataset, split)


def _shown(data: DetectionData, count: int) -> list[LabelledPair]:
    """Choose scenes spread over the test images, preferring those with many objects."""
    test = data.of("test")
    return [max(block, key=lambda item: len(item.boxes)) for block in blocks(test, count)]


def _panels(items: list[LabelledPair], shown: dict[str, RunOf], inputs: Inputs) -> list[Panel]:
    predictions = {
        fuser: load_predictions(inputs[f"score_task/{r}"] / "predictions.json") for fuser, r in shown.items()
    }
    return [_panel(item, predictions, inputs) for item in items]


def _panel(item: LabelledPair, predictions: dict[str, list[Prediction]], inputs: Inputs) -> Panel:
    stem = item.pair.stem
    found: dict[str, list[tuple[Box, float]]] = {
        fuser: [(p.box, p.score) for p in of_fuser if p.stem == stem] for fuser, of_fuser in predictions.items()
    }
    images = {fuser: inputs[f"dataset/{fuser}"] / "images" / "test" / f"{stem}.png" for fuser in found}
    return Panel(stem, item.pair.infrared, item.pair.visible, images, item.boxes, found)
