"""The most memory that a piece of work takes in its process, or on the GPU."""

from __future__ import annotations

import re
from pathlib import Path

import torch

_STATUS, _CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # see proc(5)


class MemoryPeak:
    """Watches from its making on.

    On the CPU it reads the peak of this process's resident memory above what was there before; getrusage would not
    do, for a new process starts with its parent's peak there. On a GPU it is what torch had allocated at most.

    Args:
        device: where the work is done.
    """

    def __init__(self, device: str) -> None:
        self._device, self._before = torch.device(device), 0
        if self._device.type == "cpu" and _CLEAR_REFS.exists():
            _CLEAR_REFS.write_text(_RESET_PEAK, encoding="ascii")
            self._before = _status("VmRSS")

    def bytes(self) -> int | None:
        """Give the peak so far; None where the system does not tell."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        return _status("VmHWM") - self._before if _CLEAR_REFS.exists() else None


def _status(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
