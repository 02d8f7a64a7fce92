"""One row of the benchmark of fusers."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

import numpy as np

from pipelines.benchmarks.candidates import Candidate
from pipelines.benchmarks.rounds import Trial
from pipelines.benchmarks.yardstick import Yardstick


def fuser_row(candidate: Candidate, trial: Trial, first: Trial, sticks: Mapping[str, Yardstick]) -> dict[str, Any]:
    """Give name, figures and origin of a candidate; what is not known is None.

    Args:
        candidate: the one.
        trial: what was found of it.
        first: what was found of the candidate in the first row.
        sticks: from `yardsticks`.
    """
    stick = sticks.get(candidate.yardstick)
    return {
        "candidate": candidate.name,
        **_speeds(trial, first),
        "start_s": trial.start_s,
        "memory_mb": None if trial.peak_bytes is None else trial.peak_bytes / 1024**2,
        "gmacs": stick and stick.macs / 1e9,
        "kparameters": stick and stick.parameters / 1e3,
        "difference": _difference(trial, sticks.get(candidate.fuser)),
        "peak_share": _peak_share(trial, stick),
        "device": candidate.device,
        "backend": candidate.backend,
        "precision": candidate.precision,
        "note": trial.reason,
    }


def _speeds(trial: Trial, first: Trial) -> dict[str, float | None]:
    speeds: dict[str, float | None] = dict.fromkeys(("median_ms", "images_per_s", "ratio", "ratio_low", "ratio_high"))
    if not trial.reason:
        seconds = median(trial.seconds)
        speeds |= {"median_ms": seconds * 1000, "images_per_s": 1 / seconds}
    if not trial.reason and not first.reason:
        ratios = np.quantile(np.divide(first.seconds, trial.seconds), (0.5, 0.25, 0.75))
        speeds |= dict(zip(("ratio", "ratio_low", "ratio_high"), ratios.tolist(), strict=True))
    return speeds


def _difference(trial: Trial, reference: Yardstick | None) -> float | None:
    if trial.fused is None or reference is None:
        return None
    return float((trial.fused - reference.fused).abs().max()) * 255


def _peak_share(trial: Trial, stick: Yardstick | None) -> float | None:
    """Give the share of the peak that the multiply-accumulates make up, each two operations."""
    if trial.matmul_flops is None or stick is None:
        return None
    return 2 * stick.macs / median(trial.seconds) / trial.matmul_flops
