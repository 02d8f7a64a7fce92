"""The stages that end in one folder of fused images per fuser."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from downstream.detection_data import load_detection_data
from fusion import build_fuser, fuse_folder
from fusion.losses import LossWeights
from fusion.objective import Objective
from fusion.registry import fuser_class
from fusion.schedule import Schedule
from fusion.train import Trainer
from pipelines.config import Settings
from pipelines.stage import Inputs, Stage, Summary

BASELINES = ("infrared", "visible", "average")  # a score without them says nothing


def fuser_names(settings: Settings) -> list[str]:
    """List the fusers of the table: the baselines first, then the chosen ones, each once.

    Raises:
        InputError: an unknown fuser.
    """
    names = list(dict.fromkeys([*BASELINES, *settings["fusers"]]))
    for name in names:
        fuser_class(name)
    return names


def fusion_stages(settings: Settings) -> list[Stage]:
    """Give the training stage of every learned fuser without weights, and the fusing stage of every fuser."""
    stages = []
    for name in fuser_names(settings):
        if is_trained(settings, name):
            stages.append(_training_stage(settings, name))
        stages.append(_fusing_stage(settings, name))
    return stages


def build_trainer(pairs: list[Any], training: dict[str, Any], device: str) -> Trainer:
    """Build the trainer that the settings `training` describe."""
    return Trainer(
        pairs,
        training["network"],
        Objective(LossWeights(**training["loss"]), training["ablation"], training["batchnorm"]),
        Schedule(**training["schedule"]),
        device,
    )


def _training_stage(settings: Settings, fuser: str) -> Stage:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        data = load_detection_data(inputs["prepare"] / "data.json")
        pairs = [item.pair for item in data.of("train")]
        build_trainer(pairs, settings["training"], settings["device"]).run(out_dir)
        return {"pairs": len(pairs)}

    decisive = {"training": settings["training"], "device": settings["device"]}
    return Stage(f"train_fusion/{fuser}", run, decisive, needs=("prepare",), may_fail=True)


def _fusing_stage(settings: Settings, fuser: str) -> Stage:
    trained = f"train_fusion/{fuser}" if is_trained(settings, fuser) else None
    options = dict(settings["fuser_options"].get(fuser, {}))
    if "device" in inspect.signature(fuser_class(fuser)).parameters:
        options.setdefault("device", settings["device"])

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        data = load_detection_data(inputs["prepare"] / "data.json")
        weights = {"weights": str(inputs[trained] / "best.safetensors")} if trained else {}
        fuse_folder(
            build_fuser(fuser, **{**options, **weights}),
            [item.pair for item in data.items],
            out_dir / "images",
            {"fuser": fuser},
        )
        return {"images": len(data.items)}

    given = (Path(options["weights"]),) if options.get("weights") and not trained else ()
    needs = ("prepare", trained) if trained else ("prepare",)
    return Stage(f"fuse/{fuser}", run, options, needs=needs, inputs=given, may_fail=True)


def is_trained(settings: Settings, fuser: str) -> bool:
    """Tell whether the pipeline trains this fuser: it learns, and no weights are given or they are not wanted."""
    has_weights = bool(settings["fuser_options"].get(fuser, {}).get("weights"))
    return fuser_class(fuser).learned and (settings["training"]["always"] or not has_weights)
