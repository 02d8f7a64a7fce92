"""Measure fused images against their infrared and visible sources with the metrics of image fusion."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from fusion import InputError, match_pairs, score_folder
from fusion.command_line import exit_code
from fusion.images import add_reading_options, reading_options
from fusion.metrics import CONVENTIONS, SUITES
from fusion.scoring import means_table, write_scores
from fusion.storage import write_text


def main() -> None:
    """Parse the arguments, score every folder, and print the table and the files written."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=metric_list(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--infrared", type=Path, required=True, metavar="DIR", help="folder of infrared images")
    parser.add_argument(
        "--visible", type=Path, required=True, metavar="DIR", help="folder of visible images with the same file names"
    )
    parser.add_argument(
        "--fused",
        action="append",
        required=True,
        metavar="[NAME=]DIR",
        help="folder of fused images with the same file names and sizes, once per method; NAME is the method in the "
        "tables (default: the name of the folder)",
    )
    parser.add_argument(
        "--metrics", metavar="NAMES", help="such as EN,AG (default: the suite of the convention, see below)"
    )
    parser.add_argument(
        "--convention",
        default="eif",
        help="definitions of the metrics: eif (the field's standard MATLAB code), cddfuse, vifb, or clean (without "
        "their quirks) (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("scores"),
        metavar="DIR",
        help="folder for scores.csv (every image) and means.csv, .json, .md (means with 95 %% intervals); scores of "
        "an earlier run on unchanged files are reused (default: %(default)s)",
    )
    add_reading_options(parser)
    parser.add_argument(
        "--device", default="auto", help="auto (the GPU if there is one), cpu, cuda or cuda:1 (default: %(default)s)"
    )
    arguments = parser.parse_args()
    folders = named_folders(arguments.fused)
    names = [name.strip() for name in arguments.metrics.split(",")] if arguments.metrics is not None else None
    pairs = match_pairs(arguments.infrared, arguments.visible, *reading_options(arguments))
    rows = []
    for method, folder in folders.items():
        rows += score_folder(method, pairs, folder, arguments.out, names, arguments.convention, arguments.device)
    table = means_table(write_scores(arguments.out, rows, arguments.convention), arguments.convention)
    write_text(arguments.out / "means.md", table)
    print(table)
    print(f"{', '.join(str(arguments.out / name) for name in ('scores.csv', 'means.csv', 'means.json', 'means.md'))}")


def named_folders(fused: Sequence[str]) -> dict[str, Path]:
    """Map method to folder for values of the form `name=folder` or `folder`.

    Raises:
        InputError: two folders have the same name.
    """
    folders: dict[str, Path] = {}
    for value in fused:
        name, given, rest = value.partition("=")
        folder = Path(rest if given else value)
        method = name if given else folder.resolve().name
        if method in folders:
            raise InputError(
                f"--fused {value}: the name {method!r} is already used for {folders[method]}. "
                f"Try: --fused NAME={folder}"
            )
        folders[method] = folder
    return folders


def metric_list() -> str:
    """List the metrics of every convention for the help text; ↓ marks those where lower is better."""
    lines = ["metrics (↓: lower is better):"]
    for convention, known in CONVENTIONS.items():
        shown = {name: name + ("" if metric.higher_is_better else "↓") for name, metric in known.items()}
        text = f"{convention}: {', '.join(shown[name] for name in SUITES[convention])}"
        if others := [shown[name] for name in known if name not in SUITES[convention]]:
            text += f"; only if named: {', '.join(others)}"
        lines += textwrap.wrap(text, 100, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(exit_code(main))
