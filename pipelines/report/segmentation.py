"""The report of a segmentation pipeline, from what its stages left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from downstream.datasets import MaskedPair, SegmentationData, load_segmentation_data
from downstream.segmentation import Confusion, bootstrap_ious
from pipelines.report.contents import first_trainings, gather_report, shown_images
from pipelines.report.elements import Picture, Section
from pipelines.report.facts import segmentation_facts
from pipelines.report.figures.curves import draw_validation_curves, validation_curve
from pipelines.report.figures.masks import draw_confusions
from pipelines.report.html.chart_groups import validation
from pipelines.report.panels import Masks, Panel, blocks, write_mask_panels
from pipelines.report.provenance import collect_provenance
from pipelines.report.reader import Reader
from pipelines.report.report import write_report
from pipelines.report.significance import Counts, Floats, Resampled, ScoreName, mean_over_classes
from pipelines.report.stress.section import stress_sections
from pipelines.rows import (
    SEGMENTATION,
    Experiment,
    SubsetScorer,
    first_finished,
    load_confusions,
    segmentation_scorer,
)
from pipelines.stages import Inputs


def write_segmentation_report(out_dir: Path, experiment: Experiment, inputs: Inputs) -> None:
    """Write the report of a segmentation pipeline into `out_dir`; a failed run is a row with its reason.

    Raises:
        InputError: a file cannot be written.
    """
    data = load_segmentation_data(inputs["prepare"] / "data.json")
    made = collect_provenance(experiment, inputs)
    facts = segmentation_facts(experiment, data, inputs, made)
    reader = segmentation_reader(data)
    report = gather_report(out_dir, experiment, inputs, SEGMENTATION, data, facts, made, reader)

    def panel_of(stem: str, images: Mapping[str, Path], stages: Mapping[str, Path]) -> Panel:
        item = next(one for one in data.of("test") if one.pair.stem == stem)
        return _panel(item, dict(images), {row: stage / "masks" for row, stage in stages.items()})

    if shown := first_finished(experiment.runs, inputs):
        trainings = first_trainings(experiment, shown, inputs)
        curves = {fuser: validation_curve(folder) for fuser, folder in trainings.items()}
        confusions = {fuser: load_confusions(inputs[r.scoring_stage]).sum(axis=0) for fuser, r in shown.items()}
        masks = {fuser: inputs[r.scoring_stage] / "masks" for fuser, r in shown.items()}
        chosen = [max(block, key=_foreground_classes) for block in blocks(data.of("test"), experiment.settings.panels)]
        panels = [_panel(item, shown_images(experiment, shown, inputs, item.pair.stem), masks) for item in chosen]
        report = replace(
            report,
            sections=_sections(out_dir, confusions, data, curves, panels, report.title),
            curves=[validation(curves, report.fusers)],
            panels=panels,
            confusions=confusions,
        )
    stress = stress_sections(out_dir, experiment, inputs, report, data, reader, panel_of, write_mask_panels)
    write_report(out_dir, replace(report, stress=stress))


def segmentation_reader(data: SegmentationData) -> Reader:
    """Read the masks that the scoring of a run left."""

    def resampled(folder: Path) -> Resampled:
        return resampled_masks(load_confusions(folder), data.classes)

    def scorer(folder: Path) -> SubsetScorer:
        return segmentation_scorer(folder, data.classes)

    return Reader(resampled, scorer, _shows(data))


def resampled_masks(confusions: Confusion, classes: Sequence[str]) -> Resampled:
    """Score a segmenter on resamples of the test images: mIoU, and IoU by class."""

    def score(counts: Counts) -> Floats:
        ious = bootstrap_ious(confusions, counts)
        return np.column_stack([mean_over_classes(ious), ious])

    names = (ScoreName(SEGMENTATION.per_class, name) for name in classes)
    return Resampled((ScoreName(SEGMENTATION.main, "all"), *names), score)


def _shows(data: SegmentationData) -> dict[str, npt.NDArray[np.bool_]]:
    pixels = np.array([item.pixels for item in data.of("test")])
    return {name: pixels[:, number] > 0 for number, name in enumerate(data.classes)}


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


def _panel(item: MaskedPair, images: dict[str, Path], masks: dict[str, Path]) -> Panel:
    predicted = {fuser: folder / f"{item.pair.stem}.png" for fuser, folder in masks.items()}
    return Panel(item.pair, images, masks=Masks(item.mask, predicted, item.values))
