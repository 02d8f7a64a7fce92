"""The stages that end in one folder of fused images per fuser."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fusion import build_fuser, fuse_folder
from fusion.losses import LossWeights
from fusion.objective import Objective
from fusion.registry import fuser_class
from fusion.schedule import Schedule
from fusion.train import Trainer
from pipelines.config import Settings
from pipelines.pair_lists import load_pairs
from pipelines.stage import Inputs, Stage, Summary

SOURCES = ("infrared", "visible")  # one camera alone: no fusion
BASELINES = (*SOURCES, "average")  # a score without them says nothing


def fuser_names(settings: Settings) -> list[str]:
    """List the fusers of the table: the baselines first, then the chosen ones, each once.

    Raises:
        InputError: an unknown fuser.
    """
    names = list(dict.fromkeys([*BASELINES, *settings["fusers"]]))
    for name in names:
        fuser_class(name)
    return names


def fusion_stages(settings: Settings, splits: Sequence[str]) -> list[Stage]:
    """Give the training stage of every learned fuser without weights, and the stage of every fuser that fuses."""
    stages = []
    for name in fuser_names(settings):
        if is_trained(settings, name):
            stages.append(_training_stage(settings, name))
        stages.append(_fusing_stage(settings, name, splits))
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
        pairs = load_pairs(inputs["prepare"], "train")
        build_trainer(pairs, settings["training"], settings["device"]).run(out_dir)
        return {"pairs": len(pairs)}

    decisive = {"training": settings["training"], "device": settings["device"]}
    return Stage(f"train_fusion/{fuser}", run, decisive, needs=("prepare",), may_fail=True)


def _fusing_stage(settings: Settings, fuser: str, splits: Sequence[str]) -> Stage:
    trained = f"train_fusion/{fuser}" if is_trained(settings, fuser) else None
    options = dict(settings["fuser_options"].get(fuser, {}))
    if "device" in inspect.signature(fuser_class(fuser)).parameters:
        options.setdefault("device", settings["device"])

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        pairs = load_pairs(inputs["prepare"], *splits)
        weights = {"weights": str(inputs[trained] / "best.safetensors")} if trained else {}
        fuse_folder(build_fuser(fuser, **{**options, **weights}), pairs, out_dir / "images", {"fuser": fuser})
        return {"images": len(pairs)}

    given = (Path(options["weights"]),) if options.get("weights") and not trained else ()
    needs = ("prepare", trained) if trained else ("prepare",)
    return Stage(f"fuse/{fuser}", run, options, needs=needs, inputs=given, may_fail=True)


def is_trained(settings: Settings, fuser: str) -> bool:
    """Tell whether the pipeline trains this fuser: it learns, and no weights are given or they are not wanted."""
    has_weights = bool(settings["fuser_options"].get(fuser, {}).get("weights"))
    return fuser_class(fuser).learned and (settings["training"]["always"] or not has_weights)
