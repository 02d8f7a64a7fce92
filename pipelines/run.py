"""Run a pipeline by name, from settings to exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fusion.command_line import parse_override
from fusion.errors import InputError, unknown_name
from fusion.storage import write_json
from pipelines.config import Settings, load_settings, override
from pipelines.extras import TASKS, require_extras, require_packages
from pipelines.stages import Launcher, LocalProcesses, StageRunner, locked, run_side_by_side
from pipelines.tasks import Task

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
    jobs: int = 1,
    ray: str | None = None,
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
        jobs: how many stages run side by side; 1 runs them in this process.
        ray: address of a Ray cluster that runs them instead, "local" for one of this machine.

    Returns:
        The exit code: 0, or 1 if a row of the table failed.

    Raises:
        InputError: a mistake of the user's.
    """
    settings, root = _resolve(name, overrides, data)
    folder = work_dir / (name if root else f"{name}-sample")
    stages, notices = build_task(settings, root, folder, command)
    if jobs < 1:
        raise InputError(f"--jobs {jobs}; expected at least 1")

    def announce(line: str) -> None:
        print(f"[{name}] {line}", flush=True)

    runner = StageRunner(folder, forced, announce)
    if root is None:
        print(BANNER.format(looked=f"data/{settings['data']['name']}"), flush=True)
    for notice in notices:
        announce(notice)
    plans = runner.plan(stages)
    if dry_run:
        for stage, plan in plans.items():
            print(f"{plan:9} {stage}")
        return 0
    with locked(folder):
        write_json(folder / "settings.json", settings)
        launcher = _launcher(jobs, ray)
        if launcher is None:
            outcomes = runner.run(stages)
        else:
            task = {
                "settings": settings,
                "root": root and str(root),
                "work_dir": str(folder.absolute()),
                "command": command,
            }
            outcomes = run_side_by_side(runner, stages, folder.absolute(), launcher, task, announce)
    report = runner.folder("report")
    print(f"\n{(report / 'summary.txt').read_text(encoding='utf-8')}\nreport: {report / 'report.md'}")
    print(f"page: {report / 'report.html'}")
    return 1 if outcomes["report"].summary["failed"] else 0


def build_task(settings: Settings, root: Path | None, folder: Path, command: str) -> Task:
    """Look up what a pipeline does; imported late, for one task needs no package of another's extra."""
    if settings["task"] not in TASKS:
        raise unknown_name("task", settings["task"], TASKS)
    require_extras(settings["task"])
    if settings["task"] == "detection":
        from pipelines.tasks import detection_task

        return detection_task(settings, root, folder / ".ultralytics", command)
    if settings["task"] == "segmentation":
        from pipelines.tasks import segmentation_task

        return segmentation_task(settings, root, command)
    from pipelines.tasks import quality_task

    return quality_task(settings, root, command)


def _launcher(jobs: int, ray: str | None) -> Launcher | None:
    """Say what starts stages side by side; None where they run one after the other."""
    if ray is None:
        return LocalProcesses(jobs) if jobs > 1 else None
    require_packages("--ray", {"ray": ("ray",)})
    from pipelines.stages import RayTasks

    return RayTasks(ray, jobs, threads=1)


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
