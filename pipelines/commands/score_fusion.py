"""Measure fused images, or fusers, against their infrared and visible sources with the metrics of image fusion."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fusion import InputError, Pair, match_pairs, score_folder
from fusion.command_line import parse_override
from fusion.fusers import fuser_record, require_options
from fusion.images import add_reading_options, reading_options
from fusion.metrics import CONVENTIONS, SUITES
from fusion.scoring import means_table, write_scores
from fusion.storage import write_text
from fusion.stress import CONDITIONS, Condition, disturb, parse_conditions


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
        default=[],
        metavar="[NAME=]DIR",
        help="folder of fused images with the same file names and sizes, once per method; NAME is the method in the "
        "tables (default: the name of the folder)",
    )
    parser.add_argument(
        "--fuser",
        action="append",
        nargs="+",
        default=[],
        metavar=("[NAME=]FUSER", "KEY=VALUE"),
        help="a fuser with its options, as in fuse_images.py; its images are written to OUT/fused and scored",
    )
    parser.add_argument(
        "--stress",
        metavar="CONDITIONS",
        help="also fuse disturbed pairs with every --fuser, and score the result against the undisturbed ones: all, or "
        f"some of {', '.join(CONDITIONS)}, with a severity if it is not the usual one: infrared_noise@40,visible_blur; "
        "or path/to/file.py:function@SEVERITY",
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
    folders, fusers = named_folders(arguments.fused), named_fusers(arguments.fuser)
    if not folders and not fusers:
        raise InputError("nothing to score. Try: --fused DIR or --fuser NAME")
    if taken := next((method for method in fusers if method in folders), None):
        raise InputError(f"--fuser {taken}: the name is that of a folder. Try: --fuser NAME={taken}")
    if arguments.stress is not None and not fusers:
        raise InputError("--stress: images that are fused already cannot be disturbed. Try: --fuser NAME")
    conditions = parse_conditions(arguments.stress.split(",")) if arguments.stress is not None else ()
    names = [name.strip() for name in arguments.metrics.split(",")] if arguments.metrics is not None else None
    pairs = match_pairs(arguments.infrared, arguments.visible, *reading_options(arguments))
    tables = {"": folders} | {f"{condition}: ": dict[str, Path]() for condition in conditions}
    for method, (fuser, options) in fusers.items():
        fused = fuse_under(method, fuser, options, pairs, conditions, arguments.out / "fused")
        for of_table, (shown, folder) in zip(tables.values(), fused.items(), strict=True):
            of_table[shown] = folder
    rows = []
    for of_table in tables.values():
        for method, folder in of_table.items():
            rows += score_folder(method, pairs, folder, arguments.out, names, arguments.convention, arguments.device)
    means = write_scores(arguments.out, rows, arguments.convention)
    text = "\n".join(
        means_table(
            {metric: {method: of_metric[method] for method in of_table} for metric, of_metric in means.items()},
            arguments.convention,
            mark=mark,
        )
        for mark, of_table in tables.items()
    )
    write_text(arguments.out / "means.md", text)
    print(text)
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


def named_fusers(given: Sequence[Sequence[str]]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Map method to fuser and options for values of the form `name=fuser` or `fuser`, each followed by key=value.

    Raises:
        InputError: an unknown fuser or option, or two fusers have the same name.
    """
    fusers: dict[str, tuple[str, dict[str, Any]]] = {}
    for value, *rest in given:
        name, named, fuser = value.rpartition("=")
        method = name if named else fuser.rpartition(":")[2]
        if method in fusers:
            raise InputError(f"--fuser {value}: the name {method!r} is already used. Try: --fuser NAME={fuser}")
        options = dict(parse_override(option) for option in rest)
        require_options(fuser, options)
        fusers[method] = fuser, options
    return fusers


def fuse_under(
    method: str, name: str, options: dict[str, Any], pairs: Sequence[Pair], conditions: Sequence[Condition], out: Path
) -> dict[str, Path]:
    """Fuse the pairs, and the pairs under every condition, each into a folder of its own below `out`.

    Returns:
        Folder by method, first of the pairs as they are, then of those under each condition, whose name the method
        ends in.
    """
    from fusion import build_fuser, fuse_folder  # import torch

    fuser, record = build_fuser(name, **options), fuser_record(name, options)
    disturbed = {f"{method} {condition}": disturb(pairs, condition, seed=0) for condition in conditions}
    for shown, seen in {method: pairs, **disturbed}.items():
        fuse_folder(fuser, seen, out / shown, record)
    return {shown: out / shown for shown in (method, *disturbed)}


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
