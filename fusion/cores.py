"""How many processor cores this process may use, and how its threads wait for each other. Does not import torch."""

from __future__ import annotations

import math
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def available_cores(cgroup: Path = _CGROUP) -> int:
    """Count the cores that this process may use: those it may run on, and no more than its container pays for.

    Args:
        cgroup: where the limits of a container are mounted, in the form of version 2 or 1.

    Returns:
        At least 1; a quota of 2.5 cores counts as 3.
    """
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(cgroup)
    return found if quota is None else max(1, min(found, math.ceil(quota)))


def share_processors() -> None:
    """Set what OpenMP, and so torch, reads when it is loaded; what the user has set is left alone.

    Waiting threads sleep instead of spinning, so that a process beside another one does not wait for a core that only
    spins; and in a container with a quota there are no more threads than cores.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if (cores := available_cores()) < (os.cpu_count() or 1):
        os.environ.setdefault("OMP_NUM_THREADS", str(cores))


def _quota(cgroup: Path) -> float | None:
    """Read how many cores' worth of time a container may take; None where nothing limits it."""
    try:
        if (cgroup / "cpu.max").exists():
            quota, period = (cgroup / "cpu.max").read_text(encoding="ascii").split()
        else:
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            quota, period = ((cgroup / "cpu" / name).read_text(encoding="ascii").strip() for name in names)
        return int(quota) / int(period) if quota not in ("max", "-1") else None
    except (OSError, ValueError):
        return None
