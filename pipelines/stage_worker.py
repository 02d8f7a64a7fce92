"""Run one stage in a process of its own: forked (`work`), or `python -m pipelines.stage_worker ORDER.json PID`."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fusion.errors import InputError
from fusion.storage import read_json, write_json
from pipelines.config import Chosen
from pipelines.stages import (
    STOPPED,
    Inputs,
    current_provenance,
    end_with_parent,
    reason_to_go_on,
    result_of,
    thread_limits,
)
from pipelines.tasks import build_task

PRELOAD = {  # by task, what its stages import
    "detection": [
        "fusion.scoring.folder",
        "fusion.fusers.pair",
        "downstream.detection.yolo",
        "pipelines.report.detection",
    ],
    "segmentation": [
        "fusion.scoring.folder",
        "fusion.fusers.pair",
        "downstream.segmentation.training",
        "pipelines.report.segmentation",
    ],
    "quality": ["fusion.scoring.folder", "fusion.fusers.pair", "pipelines.rows.effects", "pipelines.report.quality"],
}
_WATCH_S = 0.5


def work(order: Path, log: Path, threads: int) -> None:
    """Run the stage of an order in this process, a child of the one that ordered it, with its output in the log."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the server it is forked from ignores Ctrl-C
    end_with_parent()  # the server, which ends with the process that ordered the stage
    parent = multiprocessing.parent_process()  # not the server
    assert parent is not None  # of a forked process
    _end_after(parent.join)
    os.environ |= thread_limits(threads)
    with log.open("ab") as stream:
        for output in (1, 2):
            os.dup2(stream.fileno(), output)
    sys.exit(_run(order))


def main(order: Path, parent: int) -> int:
    """Run the stage of an order; `parent` is the process that must be this one's parent as long as it runs."""

    def orphaned() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_S)

    end_with_parent()
    _end_after(orphaned)
    return _run(order)


def _run(order: Path) -> int:
    """Run a stage and write beside the order how it went: a summary, a reason, or a mistake of the user's."""
    try:
        wanted = read_json(order)
        os.chdir(wanted["cwd"])
        chosen = Chosen(wanted["settings"], Path(wanted["root"]) if wanted["root"] else None)
        stages, _ = build_task(chosen, Path(wanted["work_dir"]), wanted["command"])
        stage = next(stage for stage in stages if stage.name == wanted["stage"])
        part, needed = Path(wanted["part"]), {name: Path(folder) for name, folder in wanted["folders"].items()}
        result: dict[str, Any]
        start = time.monotonic()
        try:
            summary = stage.run(part, Inputs(needed, wanted["failures"]))
            made = current_provenance()._replace(seconds=time.monotonic() - start)
            result = {"summary": summary, "made": made._asdict()}
        except Exception as error:
            try:
                result = {"reason": reason_to_go_on(stage, part, error)}
            except InputError as mistake:
                result = {"mistake": str(mistake)}
        write_json(result_of(order), {**result, "peak_bytes": _peak_bytes()})
    except KeyboardInterrupt:
        return STOPPED
    return 0


def _end_after(wait: Callable[[], None]) -> None:
    """Kill this process when `wait` returns: the process that ordered the stage has ended, and another may start it."""

    def watch() -> None:
        wait()
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _peak_bytes() -> int:
    own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return int(max(own, children)) * 1024


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
