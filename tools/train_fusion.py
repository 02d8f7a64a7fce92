"""Train the fusion network on two folders of registered images."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fusion import match_pairs
from pipelines.command_line import exit_code
from pipelines.config import known_keys, load_training, override, parse_override
from pipelines.fusing import build_trainer


def main() -> None:
    """Parse, train, print where the weights are."""
    settings = load_training()
    parser = argparse.ArgumentParser(description=__doc__, epilog=f"settings: {', '.join(known_keys(settings))}")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="a setting to change")
    parser.add_argument("--infrared", type=Path, required=True, help="folder of infrared images")
    parser.add_argument("--visible", type=Path, required=True, help="folder of visible images with equal file names")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and log; the same one goes on")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default: %(default)s)")
    arguments = parser.parse_intermixed_args()
    for argument in arguments.overrides:
        override(settings, *parse_override(argument))
    pairs = match_pairs(arguments.infrared, arguments.visible)
    print(f"weights: {build_trainer(pairs, settings, arguments.device).run(arguments.out)}")


if __name__ == "__main__":
    sys.exit(exit_code(main))
