"""The stages that end in one folder of fused images per fuser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fusion import fuse_folder
from fusion.fusers import adopt_folder, fuser_class, fuser_files, start_file
from fusion.training import LossWeights, Objective, Schedule, Trainer
from pipelines.config import Settings
from pipelines.report import draw_training_curves
from pipelines.rows import FuserSource, fuser_names, fuser_source, load_pairs
from pipelines.stages import Inputs, Stage, Summary

TRAINING_VERSION = 2  # 2: one intervened pass a step


def fusion_stages(settings: Settings, splits: Sequence[str]) -> list[Stage]:
    """Give the training stage of every learned fuser without weights, and the stage of every fuser that fuses.

    Folders of images come first, so that one that lacks some is told before anything trains.
    """
    sources = [fuser_source(settings, row) for row in fuser_names(settings)]
    stages = []
    for source in sorted(sources, key=lambda source: source.folder is None):
        if source.training:
            stages.append(_training_stage(source, source.training, settings["device"]))
        stages.append(_fusing_stage(source, splits))
    return stages


def build_trainer(pairs: list[Any], training: dict[str, Any], device: str) -> Trainer:
    """Build the trainer that the settings `training` describe."""
    return Trainer(
        pairs,
        training["network"],
        Objective(LossWeights(**training["loss"]), training["ablation"], training["batchnorm"], training["divided"]),
        Schedule(**training["schedule"]),
        device,
        training["teacher"],
        training["start"],
    )


def _training_stage(source: FuserSource, training: Settings, device: str) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        pairs = load_pairs(inputs["prepare"], "train")
        build_trainer(pairs, training, device).run(out_dir, lambda: draw_training_curves(out_dir))
        return {"pairs": len(pairs)}

    decisive = {"training": training, "device": device}
    files = [start_file(training["start"])] if training["start"] else []
    if teacher := training["teacher"]:
        fuser_class(teacher)  # known?
        files += fuser_files(teacher, {}).values()
    needs = ("prepare",)
    return Stage(source.trained_by, run, decisive, needs, inputs=tuple(files), version=TRAINING_VERSION, may_fail=True)


def _fusing_stage(source: FuserSource, splits: Sequence[str]) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        pairs = load_pairs(inputs["prepare"], *splits)
        if source.folder:
            adopt_folder(source.folder, pairs, out_dir / "images")
        else:
            fuse_folder(source.build(inputs), pairs, out_dir / "images", {"fuser": source.row})
        return {"images": len(pairs)}

    needs = ("prepare", *source.needs)
    return Stage(f"fuse/{source.row}", run, source.decisive, needs=needs, inputs=source.inputs, may_fail=True)
