"""Measure how well fused images keep what their infrared and visible sources show, image by image."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from fusion import InputError, match_pairs, score_folder
from fusion.command_line import exit_code
from fusion.metrics import CONVENTIONS, SUITES
from fusion.scoring import means_table, write_scores
from fusion.storage import write_text


def main() -> None:
    """Parse, score every folder, print the table and where the files are."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=metric_list(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--infrared", type=Path, required=True, metavar="DIR", help="folder of infrared images")
    parser.add_argument(
        "--visible", type=Path, required=True, metavar="DIR", help="folder of visible images with equal file names"
    )
    parser.add_argument(
        "--fused",
        action="append",
        required=True,
        metavar="[NAME=]DIR",
        help="folder of fused images with equal file names and sizes; give it once per method. NAME is the method in "
        "the tables, without it the folder's name is",
    )
    parser.add_argument("--metrics", metavar="NAMES", help="such as EN,AG; default: the convention's suite, see below")
    parser.add_argument(
        "--convention",
        default="eif",
        help="whose definitions count: eif (the field's standard MATLAB code), cddfuse, vifb, or clean (none of their "
        "quirks); default: eif",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("scores"),
        metavar="DIR",
        help="folder for scores.csv (every image) and means.csv, .json, .md (means with 95 %% intervals); what is "
        "there of an earlier run on unchanged files is not measured again; default: scores",
    )
    parser.add_argument("--device", default="auto", help="auto (the GPU where there is one), cpu, cuda or cuda:1")
    arguments = parser.parse_args()
    folders = named_folders(arguments.fused)
    names = [name.strip() for name in arguments.metrics.split(",")] if arguments.metrics is not None else None
    pairs = match_pairs(arguments.infrared, arguments.visible)
    rows = []
    for method, folder in folders.items():
        rows += score_folder(method, pairs, folder, arguments.out, names, arguments.convention, arguments.device)
    table = means_table(write_scores(arguments.out, rows, arguments.convention), arguments.convention)
    write_text(arguments.out / "means.md", table)
    print(table)
    print(f"{', '.join(str(arguments.out / name) for name in ('scores.csv', 'means.csv', 'means.json', 'means.md'))}")


def named_folders(fused: Sequence[str]) -> dict[str, Path]:
    """Map method to folder for values such as `name=folder` and `folder`.

    Raises:
        InputError: two folders have one name.
    """
    folders: dict[str, Path] = {}
    for value in fused:
        name, given, rest = value.partition("=")
        folder = Path(rest if given else value)
        method = name if given else folder.resolve().name
        if method in folders:
            raise InputError(f"--fused {value}: {folders[method]} is called {method!r} already; name it: NAME={folder}")
        folders[method] = folder
    return folders


def metric_list() -> str:
    """List the metrics of every convention for the help text; ↓ marks those of which less is better."""
    lines = ["metrics (↓: lower is better):"]
    for convention, known in CONVENTIONS.items():
        shown = {name: name + ("" if metric.higher_is_better else "↓") for name, metric in known.items()}
        text = f"{convention}: {', '.join(shown[name] for name in SUITES[convention])}"
        if others := [shown[name] for name in known if name not in SUITES[convention]]:
            text += f"; only when named: {', '.join(others)}"
        lines += textwrap.wrap(text, 100, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(exit_code(main))
