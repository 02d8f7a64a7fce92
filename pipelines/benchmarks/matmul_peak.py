"""How many operations a second a device reaches where nothing holds it up: in the product of two large matrices."""

from __future__ import annotations

import time
from statistics import median

import torch

_SIDE = {"cpu": 1024, "cuda": 8192}
_TIMES, _WARM_UP = 7, 2


def matmul_flops(device: str, dtype: torch.dtype) -> float:
    """Measure the FLOP/s of a square product; the median of a few. On a GPU float32 means TF32, as in convolutions."""
    kind = torch.device(device).type
    if kind == "cuda":
        torch.set_float32_matmul_precision("high")
    side = _SIDE[kind]
    matrix = torch.rand(side, side, device=device).to(dtype)
    seconds = []
    for _ in range(_WARM_UP + _TIMES):
        wait_for(device)
        start = time.perf_counter()
        matrix @ matrix
        wait_for(device)
        seconds.append(time.perf_counter() - start)
    return 2.0 * side**3 / median(seconds[_WARM_UP:])


def wait_for(device: str) -> None:
    """Wait until a GPU has done what it was given; a CPU has."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
