"""Train the fusion network on folders of registered images."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fusion import InputError, match_pairs
from fusion.command_line import exit_code, parse_override
from fusion.training import is_main_process
from pipelines.config import known_keys, load_training, override
from pipelines.extras import REPORT, require_packages

DEFAULT_RECIPE = "fusion_quality"  # the shipped weights are made like this


def main() -> None:
    """Parse, train, print where the weights are."""
    keys = ", ".join(known_keys(load_training(DEFAULT_RECIPE)))
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"settings: {keys}")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="a setting to change")
    several = {"type": Path, "nargs": "+", "required": True, "metavar": "DIR"}
    parser.add_argument("--infrared", **several, help="folder of infrared images, or several")
    parser.add_argument("--visible", **several, help="folder of visible images with equal file names, or as many")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and log; the same one goes on")
    parser.add_argument(
        "--recipe",
        default=DEFAULT_RECIPE,
        help="train as this pipeline does, such as isfuse_paper (default: %(default)s)",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default: %(default)s)")
    arguments = parser.parse_intermixed_args()
    require_packages("train_fusion.py", REPORT)
    from pipelines.report import draw_held_out, draw_training_curves
    from pipelines.tasks import build_trainer

    settings = load_training(arguments.recipe)
    for argument in arguments.overrides:
        override(settings, *parse_override(argument))
    if len(arguments.infrared) != len(arguments.visible):
        counts = f"{len(arguments.infrared)} infrared and {len(arguments.visible)} visible folders"
        raise InputError(f"{counts}; expected as many of both, in the same order")
    pairs = [
        pair for folders in zip(arguments.infrared, arguments.visible, strict=True) for pair in match_pairs(*folders)
    ]
    trainer = build_trainer(pairs, settings, arguments.device)
    weights = trainer.run(arguments.out, lambda: draw_training_curves(arguments.out))
    if is_main_process():
        draw_held_out(arguments.out, trainer.held_out)
        print(f"weights: {weights}; curves.png and scenes/ beside them")


if __name__ == "__main__":
    sys.exit(exit_code(main))
