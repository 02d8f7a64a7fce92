"""Train the fusion network on folders of image pairs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fusion import InputError, match_pairs
from fusion.command_line import exit_code
from fusion.images import add_reading_options, reading_options
from pipelines.config import load_training
from pipelines.extras import REPORT, require_packages
from pipelines.overrides import known_keys, override_by

DEFAULT_RECIPE = "fusion_quality"  # the recipe of the shipped weights


def main() -> None:
    """Parse the arguments, train the network, and print where its weights are."""
    keys = ", ".join(known_keys(load_training(DEFAULT_RECIPE)))
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"settings: {keys}")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="a setting to change")
    several = {"type": Path, "nargs": "+", "required": True, "metavar": "DIR"}
    parser.add_argument("--infrared", **several, help="one or more folders of infrared images")
    parser.add_argument("--visible", **several, help="as many folders of visible images, with the same file names")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for weights and log; a training in it is resumed"
    )
    parser.add_argument(
        "--recipe",
        default=DEFAULT_RECIPE,
        help="pipeline whose training settings are used, such as isfuse_paper (default: %(default)s)",
    )
    add_reading_options(parser)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default: %(default)s)")
    arguments = _without_settings(parser.parse_intermixed_args())
    require_packages("train_fusion.py", REPORT)
    settings = load_training(arguments.recipe)
    for argument in arguments.overrides:
        override_by(settings, argument)

    from pipelines.settings import resolve_training  # only now, because these imports take longer than a refusal

    training = resolve_training(settings)
    if len(arguments.infrared) != len(arguments.visible):
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

    from fusion.training import is_main_process
    from pipelines.report import draw_held_out, draw_training_curves
    from pipelines.tasks import build_trainer

    trainer = build_trainer(pairs, training, arguments.device)
    weights = trainer.run(arguments.out, lambda: draw_training_curves(arguments.out))
    if is_main_process():
        draw_held_out(arguments.out, trainer.held_out)
        print(f"weights: {weights}; curves.png and scenes/ are in the same folder")


def _without_settings(arguments: argparse.Namespace) -> argparse.Namespace:
    """Move settings that follow --infrared or --visible from its folders to the settings."""
    for folders in (arguments.infrared, arguments.visible):
        settings = [folder for folder in folders if "=" in str(folder) and not folder.exists()]
        arguments.overrides += map(str, settings)
        folders[:] = [folder for folder in folders if folder not in settings]
    return arguments


if __name__ == "__main__":
    sys.exit(exit_code(main))
