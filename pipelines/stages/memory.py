"""How many stages fit into memory: the peak of earlier stages of the same kind against what is available now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_GUESS = 2 * 1024**3  # bytes, of a kind of stage that has not run yet
_MEMINFO = Path("/proc/meminfo")  # where it is missing, memory is assumed to suffice


class MemoryPlan:
    """Peak memory by kind of stage, which is the part of its name before the first "/"."""

    def __init__(self) -> None:
        self._peaks: dict[str, int] = {}
        self._expected: dict[int, int] = {}

    def holds(self, stage: str, running: Sequence[int]) -> bool:
        """Return whether one more stage fits beside the running processes; a stage alone always does."""
        available = available_bytes()
        if not running or available is None:
            return True
        still_to_come = sum(max(0, self._expected[process] - _resident_bytes(process)) for process in running)
        return available - still_to_come >= self._peak(stage)

    def expect(self, process: int, stage: str) -> None:
        """Reserve the memory of a stage for the process that runs it."""
        self._expected[process] = self._peak(stage)

    def learn(self, stage: str, peak_bytes: int | None) -> None:
        """Take note of the peak memory of a finished stage."""
        if peak_bytes:
            kind = _kind(stage)
            self._peaks[kind] = max(peak_bytes, self._peaks.get(kind, 0))

    def _peak(self, stage: str) -> int:
        return self._peaks.get(_kind(stage), _GUESS)


def available_bytes() -> int | None:
    """Return how many bytes are available to new processes; None where the system does not report it."""
    if not _MEMINFO.exists():
        return None
    lines = dict(line.split(":", 1) for line in _MEMINFO.read_text(encoding="ascii").splitlines())
    return int(lines["MemAvailable"].split()[0]) * 1024


def _resident_bytes(process: int) -> int:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):  # it has just ended
        return 0
    return pages * 4096


def _kind(stage: str) -> str:
    return stage.partition("/")[0]
