"""The stages that end in one folder of fused images per fuser."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fusion import Fuser, build_fuser, fuse_folder
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


class FuserSource(NamedTuple):
    """How a stage comes by a fuser; `options`, `needs` and `inputs` are to be among those of the stage."""

    name: str
    options: dict[str, Any]
    trained_by: str | None  # the stage

    @property
    def needs(self) -> tuple[str, ...]:
        """The stage that trains it, if one does."""
        return (self.trained_by,) if self.trained_by else ()

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The file of weights, if one is given."""
        return (Path(self.options["weights"]),) if self.options.get("weights") and not self.trained_by else ()

    def build(self, inputs: Inputs) -> Fuser:
        """Build the fuser inside a stage."""
        weights = {"weights": str(inputs[self.trained_by] / "best.safetensors")} if self.trained_by else {}
        return build_fuser(self.name, **{**self.options, **weights})


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
    source = fuser_source(settings, fuser)

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        pairs = load_pairs(inputs["prepare"], *splits)
        fuse_folder(source.build(inputs), pairs, out_dir / "images", {"fuser": fuser})
        return {"images": len(pairs)}

    needs = ("prepare", *source.needs)
    return Stage(f"fuse/{fuser}", run, source.options, needs=needs, inputs=source.inputs, may_fail=True)


def fuser_source(settings: Settings, fuser: str) -> FuserSource:
    """Read from the settings how a stage comes by a fuser."""
    options = dict(settings["fuser_options"].get(fuser, {}))
    if "device" in inspect.signature(fuser_class(fuser)).parameters:
        options.setdefault("device", settings["device"])
    return FuserSource(fuser, options, f"train_fusion/{fuser}" if is_trained(settings, fuser) else None)


def is_trained(settings: Settings, fuser: str) -> bool:
    """Tell whether the pipeline trains this fuser: it learns, and no weights are given or they are not wanted."""
    has_weights = bool(settings["fuser_options"].get(fuser, {}).get("weights"))
    return fuser_class(fuser).learned and (settings["training"]["always"] or not has_weights)
