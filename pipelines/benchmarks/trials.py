"""The rows of the fuser benchmark: candidates measured in turn, and compared with their networks in float32.

Candidates take turns, A B C A B C, so that a machine that slows down affects all of them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor, nn
from tqdm import tqdm

from pipelines.benchmarks.candidates import TORCH_BACKENDS, Candidate, build_subject, is_network
from pipelines.benchmarks.isolated import Isolated

_PAUSE_S = 0.05  # idle threads spin for some milliseconds, at the expense of the next candidate


@dataclass
class Trial:
    """The measurements of one candidate; if it failed, only `reason` is valid."""

    seconds: list[float] = field(default_factory=list)
    fused: Tensor | None = None
    start_s: float | None = None
    peak_bytes: int | None = None
    matmul_flops: float | None = None
    reason: str = ""


def run_rounds(
    candidates: Sequence[Candidate], images: tuple[Tensor, Tensor], rounds: int, threads: int
) -> list[Trial]:
    """Start all candidates, let each fuse once per round, and end them; a failure does not affect the others.

    Args:
        candidates: those that are left out are not started.
        images: infrared and visible luma, (1, 1, H, W) in [0, 1].
        rounds: number of measurements per candidate.
        threads: number of threads of torch.
    """
    trials = [Trial(reason=candidate.left_out) for candidate in candidates]
    running: dict[int, Isolated] = {}
    with ExitStack() as stack, tqdm(total=len(candidates) * (1 + rounds), desc="benchmark", leave=False) as bar:
        for round_index in range(1 + rounds):
            for index, (candidate, trial) in enumerate(zip(candidates, trials, strict=True)):
                bar.update()
                if trial.reason:
                    continue
                time.sleep(_PAUSE_S)
                try:
                    if round_index == 0:
                        running[index] = Isolated(candidate, *images, threads)
                        stack.callback(running[index].end)
                        trial.fused, trial.start_s = running[index].fused, running[index].start_s
                    else:
                        trial.seconds.append(running[index].seconds())
                except RuntimeError as error:
                    trial.reason = str(error)
        for index, process in running.items():
            if not trials[index].reason:
                trials[index].peak_bytes = process.peak_bytes()
                if candidates[index].backend in TORCH_BACKENDS:
                    trials[index].matmul_flops = process.matmul_flops()
    return trials


class Reference(NamedTuple):
    """A network in float32 on the CPU: its result, its multiply-accumulates for these images, and its parameters."""

    fused: Tensor
    macs: int
    parameters: int


def references(candidates: Sequence[Candidate], infrared: Tensor, visible: Tensor) -> dict[str, Reference]:
    """Measure each network among the candidates in plain float32.

    Args:
        candidates: in any form.
        infrared: (1, 1, H, W) luma in [0, 1].
        visible: likewise.

    Returns:
        References by `Candidate.reference`.
    """
    networks = {c.reference: c for c in candidates if is_network(c.fuser)}
    return {name: _measure(Candidate(name, candidate.fuser), infrared, visible) for name, candidate in networks.items()}


def _measure(candidate: Candidate, infrared: Tensor, visible: Tensor) -> Reference:
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode  # imports triton, which the measured processes do without

    subject = build_subject(candidate)
    fused = subject.fuse(infrared, visible)
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):  # the only one torch counts on CPUs
        subject.fuse(infrared, visible)
    modules = [value for value in vars(subject).values() if isinstance(value, nn.Module)]
    parameters = sum(parameter.numel() for module in modules for parameter in module.parameters())
    return Reference(fused, counter.get_total_flops() // 2, parameters)


def fuser_row(candidate: Candidate, trial: Trial, first: Trial, references: Mapping[str, Reference]) -> dict[str, Any]:
    """Return name, measurements and origin of a candidate by column; unknown values are None.

    Args:
        candidate: of this row.
        trial: of this candidate.
        first: of the candidate in the first row, to which the ratio refers.
        references: as returned by `references`.
    """
    reference = references.get(candidate.reference)
    return {
        "candidate": candidate.name,
        **_speeds(trial, first),
        "start_s": trial.start_s,
        "memory_mb": None if trial.peak_bytes is None else trial.peak_bytes / 1024**2,
        "gmacs": reference and reference.macs / 1e9,
        "kparameters": reference and reference.parameters / 1e3,
        "difference": _difference(trial, references.get(candidate.fuser)),
        "peak_share": _peak_share(trial, reference),
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


def _difference(trial: Trial, reference: Reference | None) -> float | None:
    """Return the largest absolute difference in grey levels of 255."""
    if trial.fused is None or reference is None:
        return None
    return float((trial.fused - reference.fused).abs().max()) * 255


def _peak_share(trial: Trial, reference: Reference | None) -> float | None:
    """Return the achieved FLOP/s as a share of the peak; a multiply-accumulate counts as two operations."""
    if trial.matmul_flops is None or reference is None:
        return None
    return 2 * reference.macs / median(trial.seconds) / trial.matmul_flops
