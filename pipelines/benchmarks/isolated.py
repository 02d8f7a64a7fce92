"""A candidate in a process of its own, and what is measured there: time, peak memory and the peak of the machine."""

from __future__ import annotations

import multiprocessing
import re
import signal
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from fusion import networks
from fusion.devices import synchronize
from fusion.errors import one_line
from fusion.fusers import BUILT_IN, fuser_class
from pipelines.benchmarks.candidates import BFLOAT16, Candidate, build

if TYPE_CHECKING:
    from pipelines.benchmarks.candidates import Fuse

_EXIT_TIMEOUT_S = 10.0
_MATMUL_SIDE = {"cpu": 1024, "cuda": 8192}
_MATMUL_TIMES, _MATMUL_WARM_UP = 7, 2
_STATUS, _CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # see proc(5)


class Isolated:
    """A candidate in its own process, so that candidates share no threads, no memory and no crash.

    The process builds the candidate and fuses once: `start_s` is the time of both, `fused` the result on the CPU.

    Args:
        candidate: to build there.
        infrared: (1, 1, H, W) luma in [0, 1].
        visible: likewise.
        threads: number of threads of torch.

    Raises:
        RuntimeError: the candidate cannot be built or fails, with the reason in one line; all methods but `end` raise
            it too.
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
        """Fuse twice and return the time of the second run; the first one restores caches that others displaced."""
        return float(self._ask("seconds"))

    def peak_bytes(self) -> int | None:
        """Return the peak memory so far, including the build; see `MemoryPeak`."""
        peak: int | None = self._ask("peak_bytes")
        return peak

    def matmul_flops(self) -> float:
        """Measure the peak FLOP/s of torch there, in the precision of the candidate; see `matmul_flops`."""
        return float(self._ask("matmul_flops"))

    def end(self) -> None:
        """End the process."""
        self._link.close()
        self._process.join(_EXIT_TIMEOUT_S)
        self._process.kill()
        self._process.join()

    def _ask(self, question: str) -> Any:
        self._link.send(question)
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
    """Answer questions until the link is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and closes the link
    torch.set_num_threads(threads)
    images = [torch.from_numpy(image).to(candidate.device) for image in (infrared, visible)]
    _import_ahead(candidate)
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


def _import_ahead(candidate: Candidate) -> None:
    """Import our own modules before the measurement, so that `start_s` and the peak memory do not include them."""
    for name in dir(networks):
        getattr(networks, name)
    if candidate.fuser in BUILT_IN:
        fuser_class(candidate.fuser)


def _seconds(fuse: Fuse, images: list[Tensor], device: str) -> float:
    fuse(*images)
    synchronize(device)
    start = time.perf_counter()
    fuse(*images)
    synchronize(device)
    return time.perf_counter() - start


class MemoryPeak:
    """The peak memory of the work done since the construction.

    On a CPU it is the peak of the resident memory of this process above its initial value. `getrusage` cannot be used,
    because the peak of a new process starts at that of its parent. On a GPU it is the most that torch allocated.

    Args:
        device: where the work is done.
    """

    def __init__(self, device: str) -> None:
        self._device, self._before = torch.device(device), 0
        if self._device.type == "cpu" and _CLEAR_REFS.exists():
            _CLEAR_REFS.write_text(_RESET_PEAK, encoding="ascii")
            self._before = _status("VmRSS")

    def bytes(self) -> int | None:
        """Return the peak so far, or None where the system does not provide it."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        return _status("VmHWM") - self._before if _CLEAR_REFS.exists() else None


def _status(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def matmul_flops(device: str, dtype: torch.dtype) -> float:
    """Measure the FLOP/s of the product of two large square matrices, as the median of several runs.

    It approximates the peak of the device. On a GPU, float32 means TF32, as in convolutions.
    """
    kind = torch.device(device).type
    if kind == "cuda":
        torch.set_float32_matmul_precision("high")
    side = _MATMUL_SIDE[kind]
    matrix = torch.rand(side, side, device=device).to(dtype)
    seconds = []
    for _ in range(_MATMUL_WARM_UP + _MATMUL_TIMES):
        synchronize(device)
        start = time.perf_counter()
        matrix @ matrix
        synchronize(device)
        seconds.append(time.perf_counter() - start)
    return 2.0 * side**3 / median(seconds[_MATMUL_WARM_UP:])
