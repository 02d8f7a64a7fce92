"""Gather what the stages of a segmentation pipeline left behind into its report."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from urllib.parse import quote

from downstream.masks import read_mask
from downstream.segmentation_data import MaskedPair, SegmentationData, load_segmentation_data
from downstream.segmentation_score import resampled_miou
from downstream.segmenter_settings import SegmenterSettings
from fusion.images import read_infrared, read_visible
from fusion.score_tables import write_scores
from pipelines.agreement import Agreement
from pipelines.config import Settings
from pipelines.curve_figures import draw_validation_curves, validation_curve
from pipelines.facts import dataset_name, split_name
from pipelines.mask_figures import draw_confusions, draw_mask_panel
from pipelines.mask_scoring import load_confusions
from pipelines.panels import blocks
from pipelines.report import Report, Section, write_report
from pipelines.result_rows import run_rows
from pipelines.run_of import RunOf
from pipelines.sample import SAMPLE_MARK
from pipelines.scoring import load_fusion_scores
from pipelines.segmentation_facts import segmentation_facts
from pipelines.significance import Resample
from pipelines.significance_section import differences_section, resamples_of
from pipelines.stage import Inputs, Stage, Summary
from pipelines.tables import mean_over_seeds
from pipelines.task_scores import SEGMENTATION


def report_stage(
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
        shown = {r.fuser: r for r in reversed(runs) if f"score_task/{r}" in inputs.folders}  # the first seed of each
        shown = {fuser: shown[fuser] for fuser in fusers if fuser in shown}
        report = Report(
            name=settings["name"],
            is_sample=is_sample,
            task=SEGMENTATION,
            rows=rows,
            fusers=fusers,
            classes=list(data.classes),
            facts=segmentation_facts(settings, data, segmenter, is_sample, command),
            agreement=Agreement(fused.convention, means, SEGMENTATION.main, mean_over_seeds(rows, SEGMENTATION.main)),
            sections=[
                *differences_section(
                    out_dir, settings, resamples_of(runs, inputs, _resample), images, SEGMENTATION.main
                ),
                *(_sections(out_dir, shown, inputs, data, settings["panels"], title) if shown else []),
            ],
        )
        write_report(out_dir, report)
        return {"failed": [str(run_of) for run_of in runs if f"score_task/{run_of}" in inputs.failures]}

    of_fusers = [f"{stage}/{fuser}" for fuser in fusers for stage in ("fuse", "score_fusion")]
    of_runs = [f"{stage}/{run_of}" for run_of in runs for stage in ("train_task", "score_task")]
    decisive = {name: settings[name] for name in ("name", "panels", "baseline")}
    return Stage("report", run, decisive, needs=("prepare", *of_fusers, *of_runs))


def _resample(folder: Path) -> Resample:
    return partial(resampled_miou, load_confusions(folder))


def _sections(
    out_dir: Path, shown: dict[str, RunOf], inputs: Inputs, data: SegmentationData, panels: int, title: str
) -> list[Section]:
    confusions = {fuser: load_confusions(inputs[f"score_task/{r}"]).sum(axis=0) for fuser, r in shown.items()}
    draw_confusions(out_dir / "confusion.png", confusions, data.classes, f"{title}, percent of each true class")
    curves = {fuser: validation_curve(inputs[f"train_task/{r}"]) for fuser, r in shown.items()}
    draw_validation_curves(out_dir / "validation.png", curves, title)
    sections = [
        Section("What is taken for what", "![confusion matrices](confusion.png)\n"),
        Section("Training", "![validation mIoU by epoch](validation.png)\n"),
    ]
    chosen = [max(block, key=_foreground_classes) for block in blocks(data.of("test"), panels)]
    if chosen:
        scenes = [_scene(out_dir, item, shown, inputs, data, title) for item in chosen]
        sections.append(Section("Scenes", "\n".join(scenes)))
    return sections


def _foreground_classes(item: MaskedPair) -> int:
    return sum(count > 0 for count in item.pixels[1:])


def _scene(
    out_dir: Path, item: MaskedPair, shown: dict[str, RunOf], inputs: Inputs, data: SegmentationData, title: str
) -> str:
    stem = item.pair.stem
    draw_mask_panel(
        out_dir / "panels" / f"{stem}.png",
        read_infrared(item.pair.infrared),
        read_visible(item.pair.visible),
        read_mask(item.mask, data.classes),
        {fuser: read_visible(inputs[f"fuse/{fuser}"] / "images" / f"{stem}.png") for fuser in shown},
        {
            fuser: read_mask(inputs[f"score_task/{r}"] / "masks" / f"{stem}.png", data.classes)
            for fuser, r in shown.items()
        },
        f"{title}, scene {stem}",
        data.classes,
    )
    return f"![scene {stem}]({quote(f'panels/{stem}.png')})\n"
