"""Train the fusion network on folders of image pairs, or on a labelled data set for a detector or a segmenter."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion import InputError, match_pairs
from fusion.images import add_reading_options, reading_options
from pipelines.config import choose_settings, load_settings, load_training
from pipelines.extras import REPORT, require_packages
from pipelines.overrides import flatten, known_keys, override_by

if TYPE_CHECKING:
    from fusion.training import Trainer

DEFAULT_RECIPE = "fusion_quality"  # the recipe of the shipped weights
FOR_TASK = {"detection": "m3fd_detect", "segmentation": "msrs_segment"}  # default recipe with --task
OF_CRITIC = ("loss.task", "critic_rate")  # settings of a training for a task
ROW_FOR_TASK = "isfuse_task"  # whose training these recipes describe
WHOLE = ("data", "detector", "segmenter", "training")  # sections that settings name with --task; others are training's


def main() -> None:
    """Parse the arguments, train the network, and print where its weights are."""
    keys = ", ".join(known_keys(load_training(DEFAULT_RECIPE)))
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=f"settings: {keys}; with --task also those of the recipe's sections {', '.join(WHOLE[:-1])}",
    )
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="a setting to change")
    several: dict[str, Any] = {"type": Path, "nargs": "+", "default": [], "metavar": "DIR"}
    parser.add_argument("--infrared", **several, help="one or more folders of infrared images")
    parser.add_argument("--visible", **several, help="as many folders of visible images, with the same file names")
    parser.add_argument(
        "--task",
        choices=tuple(FOR_TASK),
        help="train for this task: the recipe's detector or segmenter is trained along and judges the fused images",
    )
    parser.add_argument("--data", type=Path, help="with --task: a labelled data set as the recipe's pipeline reads it")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for weights and log; a training in it is resumed"
    )
    parser.add_argument(
        "--recipe",
        help="pipeline whose settings are used, such as isfuse_paper "
        f"(default: {DEFAULT_RECIPE}; with --task {' or '.join(FOR_TASK.values())})",
    )
    add_reading_options(parser)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default: %(default)s)")
    arguments = _without_settings(parser.parse_intermixed_args())
    require_packages("train_fusion.py", REPORT)
    trainer = _for_task(arguments) if arguments.task else _for_fusion(arguments)

    from fusion.training import is_main_process  # only now, because these imports take longer than a refusal
    from pipelines.report import draw_held_out, draw_training_curves

    weights = trainer.run(arguments.out, lambda: draw_training_curves(arguments.out))
    if is_main_process():
        draw_held_out(arguments.out, trainer.held_out)
        print(f"weights: {weights}; curves.png and scenes/ are in the same folder")


def _for_fusion(arguments: argparse.Namespace) -> Trainer:
    """Build the trainer on folders of pairs."""
    if arguments.data:
        raise InputError("--data: a labelled data set needs a task. Try: --task detection")
    settings = load_training(arguments.recipe or DEFAULT_RECIPE)
    for argument in arguments.overrides:
        if argument.partition("=")[0] in OF_CRITIC:
            raise InputError(f"{argument}: needs a task. Try: --task detection --data DIR")
        override_by(settings, argument)

    from pipelines.settings import resolve_training

    training = resolve_training(settings)
    if training.task:
        raise InputError(f"task={training.task}: needs labelled data. Try: --task {training.task} --data DIR")
    if not arguments.infrared or len(arguments.infrared) != len(arguments.visible):
        found = f"{len(arguments.infrared)} infrared and {len(arguments.visible)} visible"
        raise InputError(
            f"--infrared, --visible: different numbers of folders (found {found}, expected as many of both)"
        )
    reading = reading_options(arguments)
    pairs = [
        pair
        for folders in zip(arguments.infrared, arguments.visible, strict=True)
        for pair in match_pairs(*folders, *reading)
    ]

    from pipelines.tasks import build_trainer

    return build_trainer(pairs, training, arguments.device)


def _for_task(arguments: argparse.Namespace) -> Trainer:
    """Build the trainer on a labelled data set."""
    if arguments.infrared or arguments.visible:
        raise InputError("--infrared, --visible: not with --task, which needs labels, too. Try: --data DIR")
    recipe = arguments.recipe or FOR_TASK[arguments.task]
    row = load_settings(recipe)["on_request"].get(ROW_FOR_TASK, {})
    given = _of_pipeline(arguments.overrides)
    if twice := next((one for one in given if one.startswith("training.task=")), None):
        raise InputError(f"{twice}: given by --task {arguments.task} (expected once)")
    overrides = [*(f"training.{key}={value}" for key, value in flatten(row)), *given]
    overrides += [f"training.task={arguments.task}", f"device={arguments.device}"]
    levels, registration = reading_options(arguments)
    overrides.append(f"data.infrared_range={levels if isinstance(levels, str) else list(levels)}")
    if registration:
        overrides.append(f"data.registration={arguments.registration}")
    chosen = choose_settings(recipe, overrides, arguments.data)

    from pipelines.tasks import trainer_for_task

    return trainer_for_task(chosen, arguments.out)


def _of_pipeline(overrides: Iterable[str]) -> list[str]:
    """Address settings of the training as those of a pipeline; the others are addressed so already."""
    return [one if one.partition(".")[0] in WHOLE else f"training.{one}" for one in overrides]


def _without_settings(arguments: argparse.Namespace) -> argparse.Namespace:
    """Move settings that follow --infrared or --visible from its folders to the settings."""
    for folders in (arguments.infrared, arguments.visible):
        settings = [folder for folder in folders if "=" in str(folder) and not folder.exists()]
        arguments.overrides += map(str, settings)
        folders[:] = [folder for folder in folders if folder not in settings]
    return arguments
