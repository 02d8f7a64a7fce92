"""Fuse two folders of images into a third one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fusion import build_fuser, fuse_folder, list_fusers, match_pairs
from fusion.fuser_inputs import fuser_files
from pipelines.command_line import exit_code
from pipelines.config import parse_override
from pipelines.fingerprint import Fingerprints


def main() -> None:
    """Parse, fuse, print where the result is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("options", nargs="*", metavar="key=value", help="an option of the fuser, such as levels=3")
    parser.add_argument("--infrared", type=Path, required=True, help="folder of infrared images")
    parser.add_argument("--visible", type=Path, required=True, help="folder of visible images with equal file names")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to; what is there already is kept")
    names = f"path/to/file.py:ClassName, or one of: {', '.join(list_fusers())}"
    parser.add_argument("--fuser", required=True, help=names)
    parser.add_argument("--weights", type=Path, help="for isfuse: a file of weights (default: the shipped ones)")
    arguments = parser.parse_intermixed_args()
    options = dict(parse_override(option) for option in arguments.options)
    if arguments.weights:
        options["weights"] = arguments.weights
    fuser = build_fuser(arguments.fuser, **options)
    pairs = match_pairs(arguments.infrared, arguments.visible)
    files = fuser_files(arguments.fuser, options)
    made_by = {"fuser": arguments.fuser, **options, **{name: Fingerprints().of(path) for name, path in files.items()}}
    fused_now = fuse_folder(fuser, pairs, arguments.out, made_by)
    print(f"{len(pairs)} pairs in {arguments.out}, {fused_now} fused now")


if __name__ == "__main__":
    sys.exit(exit_code(main))
