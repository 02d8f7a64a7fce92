"""The console script `stablefuse`: every tool as a command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from textwrap import dedent

from fusion.command_line import exit_code
from fusion.errors import InputError, unknown_name

COMMANDS = {  # name: module, what it does
    "run": ("pipelines.commands.run_pipeline", "run a pipeline: stablefuse run m3fd_detect"),
    "fuse": ("fusion.__main__", "fuse two folders of images, two videos or two cameras"),
    "train": ("pipelines.commands.train_fusion", "train the fusion network"),
    "score": ("pipelines.commands.score_fusion", "measure fused images with the metrics of image fusion"),
    "export": ("pipelines.commands.export_fuser", "write a network as ONNX, OpenVINO or TorchScript"),
    "register": ("pipelines.commands.register_pairs", "estimate the transform between two cameras"),
    "check-data": ("pipelines.commands.check_data", "check a data folder for a pipeline"),
    "check-fuser": ("pipelines.commands.check_fuser", "check a fuser against the contract"),
    "benchmark": ("pipelines.commands.benchmark", "measure speed and memory, as ratios"),
}


def main() -> None:
    """Run one command, and exit with its code."""
    sys.exit(exit_code(_main))


def _main() -> int | None:
    name, *rest = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        print(_help())
        return None
    if name == "--version":
        print(f"stablefuse {version('stablefuse')}")
        return None
    if name not in COMMANDS:
        raise (
            unknown_name("command", name, COMMANDS)
            if not name.startswith("-")
            else InputError(f"{name}: unknown option (expected a command). Try: stablefuse --help")
        )
    sys.argv = [f"stablefuse {name}", *rest]  # the name of the program in its help, and in the command of a report
    return command(name)()


def command(name: str) -> Callable[[], int | None]:
    """Return the function behind a command; it reads `sys.argv`."""
    found: Callable[[], int | None] = import_module(COMMANDS[name][0]).main
    return found


def _help() -> str:
    commands = "\n".join(f"  {name:12} {what}" for name, (_, what) in COMMANDS.items())
    return (
        dedent("""\
        usage: stablefuse [--version] COMMAND ...

        Fuse infrared and visible images, and measure which fusion makes a detector or segmenter see better.

        commands:
        {commands}

        stablefuse COMMAND --help describes a command.""")
        .replace("        {commands}", "{commands}")
        .format(commands=commands)
    )
