"""A fusion network trained for a task without a table: the labelled data of a pipeline, and its network as critic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fusion.errors import InputError
from pipelines.config import Chosen
from pipelines.rows import load_pairs
from pipelines.settings import resolve_settings, resolve_training
from pipelines.stages import Inputs
from pipelines.tasks.build import build_task
from pipelines.tasks.critics import build_critic
from pipelines.tasks.fusing import build_trainer

if TYPE_CHECKING:
    from fusion.training import Trainer


def trainer_for_task(chosen: Chosen, out_dir: Path) -> Trainer:
    """Build the trainer of a fusion network on the training pairs of a labelled data set.

    Args:
        chosen: settings and data of a pipeline; `training.task` names its task.
        out_dir: of the training; a description of the data is written into its folder `data`.

    Raises:
        InputError: there is no data, the task is another than that of the pipeline, or the data cannot be read.
    """
    settings, training = resolve_settings(chosen.settings), resolve_training(chosen.settings["training"])
    if training.task != chosen.task:
        raise InputError(f"training.task={training.task}: the task of pipeline {chosen.name} is {chosen.task}")
    if settings.data.folds:
        raise InputError(f"data.folds={settings.data.folds}: one network is trained (expected 0)")
    if chosen.root is None:
        raise InputError(f"no data (expected a folder as {chosen.name} reads it). Try: --data DIR")
    prepare = next(stage for stage in build_task(chosen, out_dir, "").stages if stage.name == "prepare")
    folder = out_dir / "data"
    folder.mkdir(parents=True, exist_ok=True)
    prepare.run(folder, Inputs({}, {}))
    pairs = load_pairs(folder, "train")
    critic = build_critic(settings, training, folder, pairs, out_dir)
    return build_trainer(pairs, training, settings.device, critic)
