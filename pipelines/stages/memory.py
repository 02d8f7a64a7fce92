"""How many processes memory holds: what each stage of a kind took before, and what is free now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_GUESS = 2 * 1024**3  # of a stage that never ran
_MEMINFO = Path("/proc/meminfo")  # where it is missing, memory is taken to be enough


class MemoryPlan:
    """Remembers the peak of every kind of stage, the part of its name before the first "/"."""

    def __init__(self) -> None:
        self._peaks: dict[str, int] = {}
        self._expected: dict[int, int] = {}

    def holds(self, stage: str, running: Sequence[int]) -> bool:
        """Tell whether one more stage fits beside the running processes; beside none, any does."""
        available = available_bytes()
        if not running or available is None:
            return True
        still_to_come = sum(max(0, self._expected[process] - _resident_bytes(process)) for process in running)
        return available - still_to_come >= self._peak(stage)

    def expect(self, process: int, stage: str) -> None:
        """Note that a process runs a stage."""
        self._expected[process] = self._peak(stage)

    def learn(self, stage: str, peak_bytes: int | None) -> None:
        """Note what a finished stage took at most."""
        if peak_bytes:
            kind = _kind(stage)
            self._peaks[kind] = max(peak_bytes, self._peaks.get(kind, 0))

    def _peak(self, stage: str) -> int:
        return self._peaks.get(_kind(stage), _GUESS)


def available_bytes() -> int | None:
    """Read how much memory new processes can have; None where the system does not say."""
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
