"""The command line as a user runs it from another folder, and what its work folder then holds."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.run_tool import ROOT, Done, in_process

TINY_DETECTOR = ROOT / "tests" / "tiny_yolo.yaml"


class CommandLine:
    """Runs the tool in `cwd`, with a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.cwd, self.home = folder / "cwd", folder / "home"
        self.cwd.mkdir()
        self.home.mkdir()
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.home),
            "MPLCONFIGDIR": str(folder / "matplotlib"),
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(ROOT / "tools" / "run_pipeline.py"), *arguments]
        return subprocess.Popen(
            command,
            cwd=self.cwd,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_listen_to_ctrl_c,
        )

    def run(self, *arguments: str) -> Done:
        """Run it to its end in a process of its own."""
        with self.start(*arguments) as process:
            try:
                out, err = process.communicate(timeout=600)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def here(self, *arguments: str) -> Done:
        """Do the same in this process, without the seconds that a new one takes to import everything."""
        return in_process("run_pipeline.py", *arguments, cwd=self.cwd)


def _listen_to_ctrl_c() -> None:
    """Undo what a background shell does to its children, which would not notice SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def rows(work_dir: Path) -> list[dict[str, str]]:
    with (work_dir / "report" / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def stages(output: str, ending: str) -> set[str]:
    """List the stages whose announcement ends in or holds `ending`."""
    lines = [line.partition("] ")[2] for line in output.splitlines() if line.startswith("[")]
    return {line.partition(": ")[0] for line in lines if ending in line}


def assert_refused(result: Done, *parts: str) -> None:
    assert result.returncode == 2, result.stderr
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert result.stderr.startswith("error: ")
    for part in parts:
        assert part in result.stderr


def wait_for(path: Path, process: subprocess.Popen[str], timeout_s: float = 300) -> None:
    end = time.monotonic() + timeout_s
    while not path.exists():
        assert process.poll() is None, "the process ended early"
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.02)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
