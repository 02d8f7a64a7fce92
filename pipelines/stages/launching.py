"""Where stages that run side by side run: as processes of this machine, or on the machines of a Ray cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pipelines.stages.memory import MemoryPlan

_PATIENCE_S = 30.0  # for a process that was asked to stop


class Launched(Protocol):
    """A stage that runs somewhere."""

    def code(self) -> int | None:
        """Give the exit code of its process; None while it runs."""

    def ask_to_stop(self) -> None:
        """Ask it to stop as Ctrl-C does."""

    def end(self) -> None:
        """Wait a while for it to stop, then end it."""


class Launcher(Protocol):
    """Starts stages."""

    def holds(self, stage: str, running: Sequence[Launched]) -> bool:
        """Tell whether there is room for one more."""

    def start(self, stage: str, order: Path, log: Path) -> Launched:
        """Start the stage of an order; what it prints is added to the log."""

    def learn(self, stage: str, peak_bytes: int | None) -> None:
        """Note what a finished stage took at most."""


class LocalProcess:
    """A stage as a process of this machine."""

    def __init__(self, order: Path, log: Path, threads: int) -> None:
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                worker_command(order), stdout=stream, stderr=stream, env=worker_environment(threads)
            )
        self.pid = self._process.pid

    def code(self) -> int | None:
        """Give the exit code; None while it runs."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """Send what Ctrl-C sends."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> None:
        """Wait, then kill."""
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class LocalProcesses:
    """Up to `jobs` processes on this machine, among which its cores are divided, and as many as memory holds."""

    def __init__(self, jobs: int) -> None:
        self._jobs, self._memory = jobs, MemoryPlan()
        self._threads = max(1, (os.cpu_count() or 1) // jobs)

    def holds(self, stage: str, running: Sequence[Launched]) -> bool:
        """Tell whether one more stage fits."""
        pids = [process.pid for process in running if isinstance(process, LocalProcess)]
        return len(running) < self._jobs and self._memory.holds(stage, pids)

    def start(self, stage: str, order: Path, log: Path) -> LocalProcess:
        """Start the process."""
        process = LocalProcess(order, log, self._threads)
        self._memory.expect(process.pid, stage)
        return process

    def learn(self, stage: str, peak_bytes: int | None) -> None:
        """Note what a finished stage took."""
        self._memory.learn(stage, peak_bytes)


def worker_command(order: Path) -> list[str]:
    """Give the command that runs a stage for the process that calls this."""
    return [sys.executable, "-m", "pipelines.stage_worker", str(order), str(os.getpid())]


def worker_environment(threads: int) -> dict[str, str]:
    """Give the environment of a stage that may use so many threads."""
    count = str(threads)
    return {**os.environ, "OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count, "PYTHONSAFEPATH": "1"}
