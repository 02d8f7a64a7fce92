"""Run a pipeline by name, from settings to exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fusion.errors import InputError
from fusion.storage import write_json
from pipelines.config import choose_settings
from pipelines.extras import require_packages
from pipelines.stage_worker import PRELOAD, work
from pipelines.stages import Launcher, LocalProcesses, StageRunner, locked, run_side_by_side
from pipelines.tasks import build_task, isolate_detector

BANNER = """\
==============================================================================
 SAMPLE RUN: no data was given and {looked} does not exist.
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
    """Run the unfinished stages of a pipeline and print its table.

    Args:
        name: of a config.
        overrides: as `key.sub=value`.
        data: the data folder; None takes `data.root`, else data/NAME, else the built-in sample.
        work_dir: the pipeline works in `work_dir/name`, or `work_dir/name-sample`.
        forced: stages to run even if they are finished.
        dry_run: only print what would run.
        command: as it was typed, for the report.
        jobs: number of stages that run side by side; 1 runs them in this process.
        ray: address of a Ray cluster to run them on instead, "local" for one of this machine.

    Returns:
        The exit code: 0, or 1 if a row of the table failed.

    Raises:
        InputError: a mistake of the user's.
    """
    chosen = choose_settings(name, overrides, data)
    folder = work_dir / (name if chosen.root else f"{name}-sample")
    stages, notices = build_task(chosen, folder, command)
    if jobs < 1:
        raise InputError(f"--jobs {jobs}: out of range (expected 1 or more)")

    def announce(line: str) -> None:
        print(f"[{name}] {line}", flush=True)

    runner = StageRunner(folder, forced, announce)
    if chosen.root is None:
        print(BANNER.format(looked=f"data/{chosen.data_name}"), flush=True)
    for notice in notices:
        announce(notice)
    plans = runner.plan(stages)
    if dry_run:
        for stage, plan in plans.items():
            print(f"{plan:9} {stage}")
        return 0
    with locked(folder):
        write_json(folder / "settings.json", chosen.settings)
        launcher = _launcher(chosen.task, folder, jobs, ray)
        if launcher is None:
            outcomes = runner.run(stages)
        else:
            task = {
                "settings": chosen.settings,
                "root": chosen.root and str(chosen.root),
                "work_dir": str(folder.absolute()),
                "command": command,
            }
            outcomes = run_side_by_side(runner, stages, folder.absolute(), launcher, task, announce)
    report = runner.folder("report")
    print(f"\n{(report / 'summary.txt').read_text(encoding='utf-8')}\nreport: {report / 'report.md'}")
    print(f"page: {report / 'report.html'}")
    return 1 if outcomes["report"].summary["failed"] else 0


def _launcher(task: str, folder: Path, jobs: int, ray: str | None) -> Launcher | None:
    """Return what starts stages side by side; None where they run one after the other."""
    if ray is not None:
        require_packages("--ray", {"ray": ("ray",)})
        from pipelines.stages import RayTasks

        return RayTasks(ray, jobs, threads=1)
    if jobs == 1:
        return None
    if task == "detection":
        isolate_detector(folder)  # before the server of processes imports ultralytics
    return LocalProcesses(jobs, work, PRELOAD[task])
