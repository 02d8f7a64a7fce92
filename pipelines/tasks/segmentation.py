"""The stages of a segmentation pipeline, from pairs of images to a table of mIoU."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from downstream.datasets import SPLITS, load_segmentation_data, read_segmentation_data, save_segmentation_data
from downstream.segmentation import IMAGENET, Labelled, SegmenterSettings, predict_masks, require_known, train_segmenter
from fusion.devices import choose_device
from fusion.storage import write_json
from pipelines.config import Settings
from pipelines.report import draw_validation_curves, require_baseline, segmentation_report_stage, validation_curve
from pipelines.rows import RunOf, fuser_names, runs_of, save_pairs, score_masks
from pipelines.stages import Inputs, Stage, Summary
from pipelines.tasks.fusing import fusion_stages
from pipelines.tasks.sampling import prepare_stage, sample_stage
from pipelines.tasks.scoring import scoring_stage
from pipelines.tasks.task import Task


def segmentation_task(settings: Settings, root: Path | None, command: str) -> Task:
    """Give all stages in order; with `root` None the data is the built-in sample.

    Raises:
        InputError: settings that no stage could run with.
    """
    segmenter = SegmenterSettings(**settings["segmenter"])
    require_known(segmenter.model, segmenter.encoder)
    require_baseline(settings)
    runs = runs_of(fuser_names(settings), settings["seeds"])
    stages = [sample_stage(settings)] if root is None else []
    stages += [_prepare_stage(settings, root), *fusion_stages(settings, SPLITS)]
    stages += [scoring_stage(settings, fuser) for fuser in fuser_names(settings)]
    for run in runs:
        stages += [_training_stage(settings, segmenter, run), _scoring_stage(settings, run)]
    stages.append(segmentation_report_stage(settings, runs, segmenter, is_sample=root is None, command=command))
    notices = []
    if segmenter.encoder_weights is None:
        notices.append(
            "the segmenter starts from random weights; for others: segmenter.encoder_weights=imagenet or =FILE"
        )
    return Task(stages, notices)


def _prepare_stage(settings: Settings, root: Path | None) -> Stage:
    data = settings["data"]

    def find(out_dir: Path, folder: Path, split: str) -> Summary:
        masks = data["masks"] if root else ""
        found = read_segmentation_data(folder, data["classes"], split, data["seed"], masks)
        save_segmentation_data(out_dir / "data.json", found)
        save_pairs(out_dir, {name: [item.pair for item in found.of(name)] for name in SPLITS})
        return {**{f"{name}_images": len(found.of(name)) for name in SPLITS}, "leakage": found.leakage}

    return prepare_stage(settings, root, find)


def _training_stage(settings: Settings, segmenter: SegmenterSettings, run_of: RunOf) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        data = load_segmentation_data(inputs["prepare"] / "data.json")
        fused = inputs[f"fuse/{run_of.fuser}"] / "images"
        training, validation = (
            [Labelled(fused / f"{item.pair.stem}.png", item.mask) for item in data.of(split)]
            for split in ("train", "val")
        )
        device = str(choose_device(settings["device"]))

        def draw() -> None:
            draw_validation_curves(out_dir / "validation.png", {run_of.fuser: validation_curve(out_dir)})

        train_segmenter(out_dir, training, validation, data.classes, segmenter, run_of.seed, device, draw)
        return {}

    start = (Path(segmenter.encoder_weights),) if segmenter.encoder_weights not in (None, IMAGENET) else ()
    decisive = {"segmenter": asdict(segmenter), "seed": run_of.seed, "device": settings["device"]}
    needs = ("prepare", f"fuse/{run_of.fuser}")
    return Stage(f"train_task/{run_of}", run, decisive, needs=needs, inputs=start, may_fail=True)


def _scoring_stage(settings: Settings, run_of: RunOf) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        data = load_segmentation_data(inputs["prepare"] / "data.json")
        test, fused = data.of("test"), inputs[f"fuse/{run_of.fuser}"] / "images"
        predict_masks(
            inputs[f"train_task/{run_of}"] / "best.safetensors",
            [fused / f"{item.pair.stem}.png" for item in test],
            out_dir / "masks",
            str(choose_device(settings["device"])),
        )
        scores = score_masks(out_dir, test, out_dir / "masks", data.classes)
        write_json(out_dir / "scores.json", [asdict(score) for score in scores])
        return {"mIoU": scores[0].value}

    needs = ("prepare", f"fuse/{run_of.fuser}", f"train_task/{run_of}")
    return Stage(f"score_task/{run_of}", run, {"device": settings["device"]}, needs=needs, may_fail=True)
