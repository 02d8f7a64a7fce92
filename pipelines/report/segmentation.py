"""The report of a segmentation pipeline, from what its stages left behind."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from downstream.datasets import MaskedPair, SegmentationData, load_segmentation_data
from downstream.segmentation import Confusion, bootstrap_miou
from fusion.scoring import write_scores
from pipelines.report.agreement import Agreement
from pipelines.report.contents import Report
from pipelines.report.elements import Picture, Section
from pipelines.report.facts import dataset_name, segmentation_facts, split_name
from pipelines.report.figures.curves import draw_validation_curves, validation_curve
from pipelines.report.figures.masks import draw_confusions
from pipelines.report.html.chart_groups import validation
from pipelines.report.panels import Masks, Panel, blocks, write_mask_panels
from pipelines.report.report import write_report
from pipelines.report.results import daytime_rows, daytimes
from pipelines.report.significance import Resample, load_resamples, write_comparison
from pipelines.rows import (
    SEGMENTATION,
    Experiment,
    ResultRow,
    RunId,
    first_finished,
    load_confusions,
    load_fusion_scores,
    mean_over_seeds,
    run_rows,
    segmentation_scorer,
)
from pipelines.sample import SAMPLE_MARK
from pipelines.stages import Inputs


def write_segmentation_report(out_dir: Path, experiment: Experiment, inputs: Inputs) -> None:
    """Write the report of a segmentation pipeline into `out_dir`; a failed run is a row with its reason.

    Raises:
        InputError: a file cannot be written.
    """
    settings, fusers, runs = experiment.settings, experiment.row_names, experiment.runs
    data = load_segmentation_data(inputs["prepare"] / "data.json")
    dataset, split = dataset_name(experiment), split_name(experiment, data.split_name)
    images = len(data.of("test"))
    rows = [row for run_id in runs for row in run_rows(run_id, SEGMENTATION, inputs, dataset, split, images)]
    fused = load_fusion_scores(fusers, settings.metrics.convention, inputs)
    means = write_scores(out_dir, fused.rows, fused.convention)
    title = f"{SAMPLE_MARK if experiment.is_sample else ''}{settings.name}"
    shown = first_finished(runs, inputs)
    curves = {fuser: validation_curve(inputs[r.training_stage]) for fuser, r in shown.items()}
    confusions = {fuser: load_confusions(inputs[r.scoring_stage]).sum(axis=0) for fuser, r in shown.items()}
    chosen = [max(block, key=_foreground_classes) for block in blocks(data.of("test"), settings.panels)]
    panels = [_panel(item, shown, inputs) for item in chosen] if shown else []
    resamples = load_resamples(runs, inputs, _resample)
    report = Report(
        name=settings.name,
        is_sample=experiment.is_sample,
        task=SEGMENTATION,
        rows=rows,
        fusers=fusers,
        classes=list(data.classes),
        facts=segmentation_facts(experiment, data),
        agreement=Agreement(fused.convention, means, SEGMENTATION.main, mean_over_seeds(rows, SEGMENTATION.main)),
        comparison=write_comparison(out_dir, experiment, resamples, images, SEGMENTATION.main),
        sections=_sections(out_dir, confusions, data, curves, panels, title) if shown else [],
        daytime=_daytime(runs, inputs, data, dataset, split),
        curves=[validation(curves, fusers)] if curves else [],
        panels=panels,
        confusions=confusions,
    )
    write_report(out_dir, report)


def _resample(folder: Path) -> Resample:
    return partial(bootstrap_miou, load_confusions(folder))


def _sections(
    out_dir: Path,
    confusions: dict[str, Confusion],
    data: SegmentationData,
    curves: dict[str, list[float]],
    panels: list[Panel],
    title: str,
) -> list[Section]:
    draw_confusions(out_dir / "confusion.png", confusions, data.classes, f"{title}, percent of each true class")
    draw_validation_curves(out_dir / "validation.png", curves, title)
    sections = [
        Section("Confusion matrices", [Picture("confusion matrices", "confusion.png")]),
        Section("Training", [Picture("validation mIoU by epoch", "validation.png")]),
    ]
    if panels:
        sections.append(Section("Scenes", write_mask_panels(out_dir, panels, title, data.classes)))
    return sections


def _foreground_classes(item: MaskedPair) -> int:
    return sum(count > 0 for count in item.pixels[1:])


def _panel(item: MaskedPair, shown: dict[str, RunId], inputs: Inputs) -> Panel:
    stem = item.pair.stem
    images = {fuser: inputs[f"fuse/{fuser}"] / "images" / f"{stem}.png" for fuser in shown}
    masks = {fuser: inputs[r.scoring_stage] / "masks" / f"{stem}.png" for fuser, r in shown.items()}
    return Panel(stem, item.pair.infrared, item.pair.visible, images, masks=Masks(item.mask, masks))


def _daytime(
    runs: Sequence[RunId], inputs: Inputs, data: SegmentationData, dataset: str, split: str
) -> list[ResultRow]:
    parts = daytimes(item.pair.stem for item in data.of("test"))
    done = [run_id for run_id in runs if run_id.scoring_stage in inputs.folders]
    scorers = {run_id: segmentation_scorer(inputs[run_id.scoring_stage], data.classes) for run_id in done}
    return daytime_rows(parts, scorers, dataset, split)
