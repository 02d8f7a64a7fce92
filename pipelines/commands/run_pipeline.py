"""Run a pipeline: `python tools/run_pipeline.py m3fd_detect`."""

from __future__ import annotations

import argparse
from pathlib import Path

from fusion.command_line import typed_command
from pipelines.config import list_pipelines
from pipelines.listing import listing
from pipelines.run import plan_pipeline, run_pipeline


def main() -> int:
    """Parse, run, and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", help=f"path/to/mine.py, or one of: {', '.join(list_pipelines())}")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="a setting to change")
    parser.add_argument("--data", type=Path, help="the data folder (default: data/NAME, else the built-in sample)")
    parser.add_argument("--work-dir", type=Path, default=Path("work"), help="where to work (default: %(default)s)")
    parser.add_argument("--force", action="append", default=[], metavar="STAGE", help="run a finished stage again")
    parser.add_argument("--dry-run", action="store_true", help="print what would run, and change nothing")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="run up to N stages side by side")
    parser.add_argument("--ray", metavar="ADDRESS", help="run them on a Ray cluster: auto, HOST:PORT, local")
    parser.add_argument("--list", action="store_true", help="list pipelines, tasks and fusers")
    arguments = parser.parse_intermixed_args()
    if arguments.list or arguments.name is None:
        print(listing())
        return 0 if arguments.list else 2
    wanted = (arguments.name, arguments.overrides, arguments.data, arguments.work_dir, arguments.force)
    if arguments.dry_run:
        for stage, plan in plan_pipeline(*wanted).items():
            print(f"{plan:9} {stage}")
        return 0
    results = run_pipeline(*wanted, jobs=arguments.jobs, ray=arguments.ray, command=typed_command())
    print(f"\n{results}")
    return 1 if results.failed else 0
