"""Gather what the stages of a segmentation pipeline left behind into its report."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from downstream.datasets import MaskedPair, SegmentationData, load_segmentation_data
from downstream.segmentation import Confusion, SegmenterSettings, resampled_miou
from fusion.scoring import write_scores
from pipelines.config import Settings
from pipelines.report.agreement import Agreement
from pipelines.report.comparison import resamples_of, write_comparison
from pipelines.report.contents import Report
from pipelines.report.curve_figures import draw_validation_curves, validation_curve
from pipelines.report.daytime import daytime_rows, daytimes
from pipelines.report.facts import dataset_name, split_name
from pipelines.report.html.curves import validation
from pipelines.report.mask_figures import draw_confusions
from pipelines.report.panels import Masks, Panel, blocks, write_mask_panels
from pipelines.report.report import write_report
from pipelines.report.section import Picture, Section
from pipelines.report.segmentation_facts import segmentation_facts
from pipelines.report.significance import Resample
from pipelines.report.tables import Row, mean_over_seeds
from pipelines.rows import SEGMENTATION, RunOf, first_finished, load_confusions, run_rows, segmentation_scorer
from pipelines.sample import SAMPLE_MARK
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks import load_fusion_scores


def segmentation_report_stage(
    settings: Settings, runs: list[RunOf], segmenter: SegmenterSettings, is_sample: bool, command: str
) -> Stage:
    """Give the stage that writes the report; a failed run is a row of it."""
    fusers = list(dict.fromkeys(run_of.fuser for run_of in runs))

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        data = load_segmentation_data(inputs["prepare"] / "data.json")
        dataset, split = dataset_name(settings, is_sample), split_name(data.split_name, is_sample)
        images = len(data.of("test"))
        rows = [row for run_of in runs for row in run_rows(run_of, SEGMENTATION, inputs, dataset, split, images)]
        fused = load_fusion_scores(settings, fusers, inputs)
        means = write_scores(out_dir, fused.rows, fused.convention)
        title = f"{SAMPLE_MARK if is_sample else ''}{settings['name']}"
        shown = first_finished(runs, inputs)
        curves = {fuser: validation_curve(inputs[f"train_task/{r}"]) for fuser, r in shown.items()}
        confusions = {f: load_confusions(inputs[f"score_task/{r}"]).sum(axis=0) for f, r in shown.items()}
        chosen = [max(block, key=_foreground_classes) for block in blocks(data.of("test"), settings["panels"])]
        panels = [_panel(item, shown, inputs) for item in chosen] if shown else []
        report = Report(
            name=settings["name"],
            is_sample=is_sample,
            task=SEGMENTATION,
            rows=rows,
            fusers=fusers,
            classes=list(data.classes),
            facts=segmentation_facts(settings, data, segmenter, is_sample, command),
            agreement=Agreement(fused.convention, means, SEGMENTATION.main, mean_over_seeds(rows, SEGMENTATION.main)),
            comparison=write_comparison(
                out_dir, settings, resamples_of(runs, inputs, _resample), images, SEGMENTATION.main
            ),
            sections=_sections(out_dir, confusions, data, curves, panels, title) if shown else [],
            daytime=_daytime(runs, inputs, data, dataset, split),
            curves=[validation(curves, fusers)] if curves else [],
            panels=panels,
            confusions=confusions,
        )
        write_report(out_dir, report)
        return {"failed": [str(run_of) for run_of in runs if f"score_task/{run_of}" in inputs.failures]}

    of_fusers = [f"{stage}/{fuser}" for fuser in fusers for stage in ("fuse", "score_fusion")]
    of_runs = [f"{stage}/{run_of}" for run_of in runs for stage in ("train_task", "score_task")]
    decisive = {name: settings[name] for name in ("name", "panels", "baseline")}
    return Stage("report", run, decisive, needs=("prepare", *of_fusers, *of_runs), version=3)


def _resample(folder: Path) -> Resample:
    return partial(resampled_miou, load_confusions(folder))


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
        Section("What is taken for what", [Picture("confusion matrices", "confusion.png")]),
        Section("Training", [Picture("validation mIoU by epoch", "validation.png")]),
    ]
    if panels:
        sections.append(Section("Scenes", write_mask_panels(out_dir, panels, title, data.classes)))
    return sections


def _foreground_classes(item: MaskedPair) -> int:
    return sum(count > 0 for count in item.pixels[1:])


def _panel(item: MaskedPair, shown: dict[str, RunOf], inputs: Inputs) -> Panel:
    stem = item.pair.stem
    images = {fuser: inputs[f"fuse/{fuser}"] / "images" / f"{stem}.png" for fuser in shown}
    masks = {fuser: inputs[f"score_task/{r}"] / "masks" / f"{stem}.png" for fuser, r in shown.items()}
    return Panel(stem, item.pair.infrared, item.pair.visible, images, masks=Masks(item.mask, masks))


def _daytime(runs: list[RunOf], inputs: Inputs, data: SegmentationData, dataset: str, split: str) -> list[Row]:
    parts = daytimes(item.pair.stem for item in data.of("test"))
    done = {run_of: inputs[stage] for run_of in runs if (stage := f"score_task/{run_of}") in inputs.folders}
    scorers = {run_of: segmentation_scorer(folder, data.classes) for run_of, folder in done.items()}
    return daytime_rows(parts, scorers, dataset, split)
