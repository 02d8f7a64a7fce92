"""Stages as tasks of a Ray cluster whose machines share work folder and data; the only file that imports ray."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError

from fusion.errors import InputError
from pipelines.stages.launching import Launched, thread_limits, worker_command

_KNOCK_S = 5.0  # seconds to wait for a connection
LOCAL = "local"  # an address: start a cluster of this machine alone


class RayTask:
    """A stage as a task on some machine."""

    def __init__(self, reference: Any) -> None:
        self._reference = reference

    def code(self) -> int | None:
        """Return the exit code of the process on that machine, 1 if the machine was lost; None while it runs."""
        done, _ = ray.wait([self._reference], timeout=0)
        if not done:
            return None
        try:
            return int(ray.get(self._reference))
        except RayError:
            return 1

    def ask_to_stop(self) -> None:
        """Cancel the task; its process ends with it."""
        ray.cancel(self._reference, force=True)

    def end(self) -> None:
        """Do nothing: a cancelled task needs no waiting."""


class RayTasks:
    """Up to `jobs` tasks at a time on a cluster.

    Args:
        address: of the cluster, such as "auto" for the one that this machine belongs to, or "local".
        jobs: how many at a time.
        threads: cores that a task reserves and uses.

    Raises:
        InputError: no cluster answers there.
    """

    def __init__(self, address: str, jobs: int, threads: int) -> None:
        try:
            _require_answer(address)
            ray.init(address, ignore_reinit_error=True, log_to_driver=False, **_local_cores(address, jobs * threads))
        except (OSError, RuntimeError, ValueError) as error:
            raise InputError(f"--ray {address}: no cluster answers ({' '.join(str(error).split())[:200]})") from error
        self._jobs = jobs
        self._run = ray.remote(num_cpus=threads, max_retries=0)(run_order)
        self._threads = threads

    def holds(self, stage: str, running: Sequence[Launched]) -> bool:
        """Return whether another task may be submitted; Ray decides where it runs."""
        return len(running) < self._jobs

    def start(self, stage: str, order: Path, log: Path) -> RayTask:
        """Submit a task."""
        return RayTask(self._run.remote(str(order), str(log), self._threads))

    def learn(self, stage: str, peak_bytes: int | None) -> None:
        """Do nothing: Ray plans memory itself."""


def run_order(order: str, log: str, threads: int) -> int:
    """Run a stage in its own process on the calling machine and return the exit code."""
    with Path(log).open("ab") as stream:
        command = worker_command(Path(order))
        environment = {**os.environ, **thread_limits(threads), "PYTHONSAFEPATH": "1"}
        return subprocess.run(command, stdout=stream, stderr=stream, env=environment, check=False).returncode


def _require_answer(address: str) -> None:
    """Try to connect to HOST:PORT first, because ray itself retries for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.rpartition("/")[2], int(port)), _KNOCK_S).close()


def _local_cores(address: str, cores: int) -> dict[str, int]:
    return {"num_cpus": cores} if address == LOCAL else {}
