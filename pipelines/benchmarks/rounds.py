"""Measure candidates in turn, A B C A B C, so that a machine that slows down slows all of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from torch import Tensor
from tqdm import tqdm

from pipelines.benchmarks.candidates import TORCH_BACKENDS, Candidate
from pipelines.benchmarks.isolated import Isolated

_PAUSE_S = 0.05  # threads that have nothing left to do spin for some milliseconds, at the cost of the next candidate


@dataclass
class Trial:
    """What was found of one candidate; with a `reason`, it failed and the rest is void."""

    seconds: list[float] = field(default_factory=list)
    fused: Tensor | None = None
    start_s: float | None = None
    peak_bytes: int | None = None
    matmul_flops: float | None = None
    reason: str = ""


def run_rounds(
    candidates: Sequence[Candidate], images: tuple[Tensor, Tensor], rounds: int, threads: int
) -> list[Trial]:
    """Start every candidate, let each fuse once a round, and end them all; one that fails leaves the others alone.

    Args:
        candidates: one that is left out stays so.
        images: infrared and visible luma, (1, 1, H, W) in [0, 1].
        rounds: how often each is measured.
        threads: of torch.
    """
    trials = [Trial(reason=candidate.left_out) for candidate in candidates]
    running: dict[int, Isolated] = {}
    with ExitStack() as stack, tqdm(total=len(candidates) * (1 + rounds), desc="benchmark", leave=False) as bar:
        for turn in range(1 + rounds):
            for index, (candidate, trial) in enumerate(zip(candidates, trials, strict=True)):
                bar.update()
                if trial.reason:
                    continue
                time.sleep(_PAUSE_S)
                try:
                    if turn == 0:
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
