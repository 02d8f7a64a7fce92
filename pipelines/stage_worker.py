"""Run one stage in a process of its own: `python -m pipelines.stage_worker ORDER.json PID`."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from fusion.errors import InputError
from fusion.storage import read_json, write_json
from pipelines.stages import Inputs, reason_to_go_on

STOPPED = 130  # exit code after Ctrl-C
_WATCH_S = 0.5


def main(order: Path, parent: int) -> int:
    """Do what the order says and write beside it how it went: a summary, a reason, or a mistake of the user's."""
    from pipelines.run import build_task

    wanted = read_json(order)
    os.chdir(wanted["cwd"])
    _end_with(parent)
    root = Path(wanted["root"]) if wanted["root"] else None
    stages, _ = build_task(wanted["settings"], root, Path(wanted["work_dir"]), wanted["command"])
    stage = next(stage for stage in stages if stage.name == wanted["stage"])
    part, needed = Path(wanted["part"]), {name: Path(folder) for name, folder in wanted["folders"].items()}
    result: dict[str, Any]
    try:
        result = {"summary": stage.run(part, Inputs(needed, wanted["failures"]))}
    except KeyboardInterrupt:
        return STOPPED
    except Exception as error:
        try:
            result = {"reason": reason_to_go_on(stage, part, error)}
        except InputError as mistake:
            result = {"mistake": str(mistake)}
    write_json(result_of(order), {**result, "peak_bytes": _peak_bytes()})
    return 0


def result_of(order: Path) -> Path:
    """Say where the result of an order is written."""
    return order.with_suffix(".result.json")


def _end_with(parent: int) -> None:
    """End this process when the one that ordered the stage is gone, so that no two ever work on one folder."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _peak_bytes() -> int:
    own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return int(max(own, children)) * 1024


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
