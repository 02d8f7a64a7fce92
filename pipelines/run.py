"""Run a pipeline by name, from settings to exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fusion.errors import InputError, unknown_name
from fusion.files import write_json
from pipelines.config import Settings, load_settings, override, parse_override
from pipelines.extras import TASKS, require_extras
from pipelines.lock import locked
from pipelines.stage_runner import StageRunner
from pipelines.task import Task

BANNER = """\
==============================================================================
 SAMPLE RUN: no data was named and {looked} does not exist.
 This runs on generated scenes to show that everything works; its numbers say
 nothing about real data. For real data: --data DIR
=============================================================================="""


def run_pipeline(
    name: str,
    overrides: Sequence[str],
    data: Path | None,
    work_dir: Path,
    forced: Sequence[str],
    dry_run: bool,
    command: str,
) -> int:
    """Run what is not finished of a pipeline and print its table.

    Args:
        name: of a config.
        overrides: as `key.sub=value`.
        data: the data folder; None takes `data.root`, else data/NAME, else the built-in sample.
        work_dir: the pipeline works in `work_dir/name`, or `work_dir/name-sample`.
        forced: stages to run although they are finished.
        dry_run: only print what would run.
        command: as it was typed, for the report.

    Returns:
        The exit code: 0, or 1 if a row of the table failed.

    Raises:
        InputError: a mistake of the user's.
    """
    settings, root = _resolve(name, overrides, data)
    folder = work_dir / (name if root else f"{name}-sample")
    stages, notices = _task(settings, root, folder, command)
    runner = StageRunner(folder, forced, announce=lambda line: print(f"[{name}] {line}", flush=True))
    if root is None:
        print(BANNER.format(looked=f"data/{settings['data']['name']}"), flush=True)
    for notice in notices:
        print(f"[{name}] {notice}", flush=True)
    plans = runner.plan(stages)
    if dry_run:
        for stage, plan in plans.items():
            print(f"{plan:9} {stage}")
        return 0
    with locked(folder):
        write_json(folder / "settings.json", settings)
        outcomes = runner.run(stages)
    report = runner.folder("report")
    print(f"\n{(report / 'summary.txt').read_text(encoding='utf-8')}\nreport: {report / 'report.md'}")
    print(f"page: {report / 'report.html'}")
    return 1 if outcomes["report"].summary["failed"] else 0


def _task(settings: Settings, root: Path | None, folder: Path, command: str) -> Task:
    """Look up what a pipeline does; imported late, for one task needs no package of another's extra."""
    if settings["task"] not in TASKS:
        raise unknown_name("task", settings["task"], TASKS)
    require_extras(settings["task"])
    if settings["task"] == "detection":
        from pipelines.detection import detection_task

        return detection_task(settings, root, folder / ".ultralytics", command)
    if settings["task"] == "segmentation":
        from pipelines.segmentation import segmentation_task

        return segmentation_task(settings, root, command)
    from pipelines.quality import quality_task

    return quality_task(settings, root, command)


def _resolve(name: str, overrides: Sequence[str], data: Path | None) -> tuple[Settings, Path | None]:
    """Apply the user's settings, on top of the sample's if the pipeline falls back to it."""
    wanted = [parse_override(argument) for argument in overrides]
    settings = _with(load_settings(name), wanted)
    named = data or (Path(settings["data"]["root"]) if settings["data"]["root"] else None)
    usual = Path("data") / settings["data"]["name"]
    if named is not None and not named.is_dir():
        raise InputError(f"{named}: no such folder; expected the data of {settings['data']['name']}")
    root = named or (usual if usual.is_dir() else None)
    if root is None:
        settings = _with(load_settings(name), [*settings["sample"]["settings"].items(), *wanted])
    return {**settings, "name": name}, root.absolute() if root else None


def _with(settings: Settings, changes: Sequence[tuple[str, Any]]) -> Settings:
    for key, value in changes:
        override(settings, key, value)
    return settings
