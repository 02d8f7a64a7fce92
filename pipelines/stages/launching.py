"""Where stages that run side by side run: in processes of this machine, or on the machines of a Ray cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Protocol

from fusion.cores import available_cores
from pipelines.stages.memory import MemoryPlan

STOPPED = 130  # exit code of a stage's process after Ctrl-C
_SERVER = "pipelines.stages.server"  # ends with this process; imported before what takes seconds
_PATIENCE_S = 30.0  # for a process that was asked to stop


class Launched(Protocol):
    """A stage that runs somewhere."""

    def code(self) -> int | None:
        """Return the exit code of its process; None while it runs."""

    def ask_to_stop(self) -> None:
        """Ask it to stop, as Ctrl-C does."""

    def end(self) -> None:
        """Wait for it to stop, and kill it if it does not."""


class Launcher(Protocol):
    """Starts stages."""

    def holds(self, stage: str, running: Sequence[Launched]) -> bool:
        """Return whether there is room for one more stage."""

    def start(self, stage: str, order: Path, log: Path) -> Launched:
        """Start the stage of an order; its output is appended to the log."""

    def learn(self, stage: str, peak_bytes: int | None) -> None:
        """Take note of the peak memory of a finished stage."""


class LocalProcess:
    """A stage in a process of this machine."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self.pid = process.pid or 0

    def code(self) -> int | None:
        """Return the exit code; None while it runs."""
        return self._process.exitcode

    def ask_to_stop(self) -> None:
        """Send the signal of Ctrl-C."""
        if self._process.is_alive():
            os.kill(self.pid, signal.SIGINT)

    def end(self) -> None:
        """Wait, then kill."""
        self._process.join(_PATIENCE_S)
        self._process.kill()
        self._process.join()


class LocalProcesses:
    """Up to `jobs` processes on this machine, which share its cores, and no more than memory holds.

    They are forked from a server that has imported `preload`, so that no stage spends seconds on that.

    Args:
        jobs: largest number of processes.
        work: runs the stage of an order; given the order, the log and the number of threads.
        preload: names of modules.
    """

    def __init__(self, jobs: int, work: Callable[[Path, Path, int], None], preload: Sequence[str]) -> None:
        self._jobs, self._memory, self._work = jobs, MemoryPlan(), work
        self._threads = max(1, available_cores() // jobs)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([_SERVER, *preload])
        with _environment(thread_limits(self._threads)), _ignored_interrupts():
            forkserver.ensure_running()  # inherits both; libraries read the limits when the server imports them

    def holds(self, stage: str, running: Sequence[Launched]) -> bool:
        """Return whether one more stage fits."""
        pids = [process.pid for process in running if isinstance(process, LocalProcess)]
        return len(running) < self._jobs and self._memory.holds(stage, pids)

    def start(self, stage: str, order: Path, log: Path) -> LocalProcess:
        """Start the process."""
        process = self._context.Process(target=self._work, args=(order, log, self._threads), name=stage)
        process.start()
        launched = LocalProcess(process)
        self._memory.expect(launched.pid, stage)
        return launched

    def learn(self, stage: str, peak_bytes: int | None) -> None:
        """Take note of the peak memory of a finished stage."""
        self._memory.learn(stage, peak_bytes)


def result_of(order: Path) -> Path:
    """Return the file that the result of an order is written to."""
    return order.with_suffix(".result.json")


def worker_command(order: Path) -> list[str]:
    """Return the command that runs the stage of an order as a child of the calling process."""
    return [sys.executable, "-m", "pipelines.stage_worker", str(order), str(os.getpid())]


def thread_limits(threads: int) -> dict[str, str]:
    """Return the environment variables that limit a stage to so many threads."""
    return {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}


@contextmanager
def _ignored_interrupts() -> Iterator[None]:
    """Let processes that are started inside the block ignore Ctrl-C, which a terminal sends to all of them."""
    if threading.current_thread() is not threading.main_thread():  # which alone may set handlers
        yield
        return
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    """Change the environment for the processes that are started inside the block."""
    before = dict(os.environ)
    os.environ |= changes
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
