"""A candidate in a process of its own, which fuses whenever it is asked to and tells what that took."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import torch
from torch import Tensor

from fusion.errors import one_line
from pipelines.benchmarks.candidates import BFLOAT16, Candidate, Fuse, build
from pipelines.benchmarks.matmul_peak import matmul_flops, wait_for
from pipelines.benchmarks.memory_peak import MemoryPeak

_PATIENCE_S = 10.0


class Isolated:
    """A candidate in its own process, so that no threads, memory or crash are shared with another one.

    Args:
        candidate: is built there and fuses once; `start_s` is how long that took, `fused` the result on the CPU.
        infrared: (1, 1, H, W) in [0, 1].
        visible: likewise.
        threads: of torch.

    Raises:
        RuntimeError: it cannot be built or fails, and why in one line. So does every method that asks.
    """

    def __init__(self, candidate: Candidate, infrared: Tensor, visible: Tensor, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._link, theirs = context.Pipe()
        images = infrared.numpy(), visible.numpy()
        self._process = context.Process(target=_serve, args=(theirs, candidate, *images, threads))
        self._process.start()
        theirs.close()
        try:
            fused, self.start_s = self._receive()
            self.fused = torch.from_numpy(fused)
        except BaseException:
            self.end()
            raise

    def seconds(self) -> float:
        """Fuse twice and tell how long the second time took; the first one fetches what other processes displaced."""
        return float(self._ask("seconds"))

    def peak_bytes(self) -> int | None:
        """Tell the most memory it took so far, building and all."""
        peak: int | None = self._ask("peak_bytes")
        return peak

    def matmul_flops(self) -> float:
        """Measure the FLOP/s that torch reaches there in this precision."""
        return float(self._ask("matmul_flops"))

    def end(self) -> None:
        """End the process."""
        self._link.close()
        self._process.join(_PATIENCE_S)
        self._process.kill()
        self._process.join()

    def _ask(self, what: str) -> Any:
        self._link.send(what)
        return self._receive()

    def _receive(self) -> Any:
        try:
            answer = self._link.recv()
        except EOFError:
            self._process.join()
            raise RuntimeError(f"its process ended with code {self._process.exitcode}") from None
        if isinstance(answer, _Failed):
            raise RuntimeError(answer.reason)
        return answer


class _Failed(NamedTuple):
    reason: str


def _serve(link: Connection, candidate: Candidate, infrared: Any, visible: Any, threads: int) -> None:
    """Answer what is asked through the link until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and closes the link
    torch.set_num_threads(threads)
    images = [torch.from_numpy(image).to(candidate.device) for image in (infrared, visible)]
    try:
        memory = MemoryPeak(candidate.device)
        start = time.perf_counter()
        fuse = build(candidate)
        fused = fuse(*images).cpu().numpy()
        link.send((fused, time.perf_counter() - start))
        dtype = torch.bfloat16 if candidate.precision == BFLOAT16 else torch.float32
        answers: dict[str, Callable[[], float | None]] = {
            "seconds": partial(_seconds, fuse, images, candidate.device),
            "peak_bytes": memory.bytes,
            "matmul_flops": partial(matmul_flops, candidate.device, dtype),
        }
        while True:
            link.send(answers[link.recv()]())
    except EOFError:
        return
    except Exception as error:
        link.send(_Failed(f"{type(error).__name__}: {one_line(error)}"))


def _seconds(fuse: Fuse, images: list[Tensor], device: str) -> float:
    fuse(*images)
    wait_for(device)
    start = time.perf_counter()
    fuse(*images)
    wait_for(device)
    return time.perf_counter() - start
