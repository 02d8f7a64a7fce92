"""Run a pipeline: `python tools/run_pipeline.py m3fd_detect`."""

from __future__ import annotations

import argparse
import logging
import shlex
import sys
from pathlib import Path

from fusion import list_fusers
from fusion.errors import InputError
from pipelines.config import list_pipelines
from pipelines.run import run_pipeline


def main() -> int:
    """Parse, run, and turn a user's mistake into one line and exit code 2."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", help=f"one of: {', '.join(list_pipelines())}")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="a setting to change")
    parser.add_argument("--data", type=Path, help="the data folder (default: data/NAME, else the built-in sample)")
    parser.add_argument("--work-dir", type=Path, default=Path("work"), help="where to work (default: %(default)s)")
    parser.add_argument("--force", action="append", default=[], metavar="STAGE", help="run a finished stage again")
    parser.add_argument("--dry-run", action="store_true", help="print what would run, and change nothing")
    parser.add_argument("--list", action="store_true", help="list pipelines and fusers")
    arguments = parser.parse_intermixed_args()
    logging.basicConfig(format="%(levelname)s: %(message)s")
    if arguments.list or arguments.name is None:
        print("pipelines:", *(f"  {name:14} {what}" for name, what in list_pipelines().items()), sep="\n")
        print("fusers:", *(f"  {name}" for name in list_fusers()), sep="\n")
        return 0 if arguments.list else 2
    try:
        return run_pipeline(
            arguments.name,
            arguments.overrides,
            arguments.data,
            arguments.work_dir,
            arguments.force,
            arguments.dry_run,
            shlex.join(["python", *sys.argv]),
        )
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
