"""Sliding windows: separable filters where the window lies inside the image, and Sobel edges, strip by strip."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

_BLOCK = 48  # rows or columns that one matrix product computes, the fastest for two threads; even, for steps of 2


def gaussian(size: int, sigma: float) -> tuple[float, ...]:
    """Give the weights of a Gaussian window along one axis; they sum to 1."""
    offset = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    weights = torch.exp(-(offset**2) / (2 * sigma**2))
    return tuple((weights / weights.sum()).tolist())


def strips(planes: Tensor, side: int) -> Iterator[Tensor]:
    """Cut (..., H, W) into strips of rows for a window of `side` rows; they overlap by side - 1.

    What is computed from a strip stays in the cache, and small memory is reused where large memory is fetched anew.

    Raises:
        ValueError: the image is smaller than the window.
    """
    if min(planes.shape[-2:]) < side:
        size = f"{planes.shape[-1]}x{planes.shape[-2]}"
        raise ValueError(f"a window of {side}x{side} does not fit into {size} pixels")
    for top in range(0, planes.shape[-2] - side + 1, _BLOCK):
        yield planes[..., top : top + _BLOCK + side - 1, :]


def filter_valid(planes: Tensor, weights: tuple[float, ...], step: int = 1) -> Tensor:
    """Filter (..., H, W) along both axes where a window of n weights fits, at every `step`-th place (1 or 2)."""
    return torch.cat([filter_strip(strip.double(), weights, step) for strip in strips(planes, len(weights))], dim=-2)


# Both directions are products with a banded matrix, block by block: several times faster than float64 convolutions.
def filter_strip(strip: Tensor, weights: tuple[float, ...], step: int = 1) -> Tensor:
    """Filter one strip, as `filter_valid` does."""
    band, overlap = _band(weights, step, strip.device), len(weights) - step
    rows, columns = ((side - overlap) // step for side in strip.shape[-2:])
    count = min(_BLOCK // step, columns)
    across = band[:count, : count * step + overlap].T
    down = band[:rows, : rows * step + overlap] @ strip[..., : rows * step + overlap, :]
    lines = down.flatten(0, -2)[:, : columns * step + overlap]
    filtered = strip.new_empty(*down.shape[:-1], columns)
    results = filtered.flatten(0, -2)
    blocks = lines.unfold(1, len(across), count * step).unbind(1)
    for block, result in zip(blocks, results.unfold(1, count, count).unbind(1), strict=True):
        torch.mm(block, across, out=result)
    torch.mm(lines[:, -len(across) :], across, out=results[:, -count:])  # what the whole blocks leave over
    return filtered


def halve(planes: Tensor) -> Tensor:
    """Average blocks of 2x2 of (..., H, W), four times over exact in float32; an odd last row or column is left out."""
    flat = planes.reshape(-1, 1, *planes.shape[-2:])
    halved = F.avg_pool2d(flat, 2)
    return halved.view(*planes.shape[:-2], *halved.shape[-2:])


def sobel(planes: Tensor, border: str) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Give the Sobel differences down and along, and the strength of edges of (..., B, H, W), strip by strip.

    Args:
        planes: float32, exact for grey levels up to the sum of both squares; the strength is float64.
        border: how `torch.nn.functional.pad` makes it.
    """
    for strip in strips(F.pad(planes, (1, 1, 1, 1), mode=border), 3):
        smooth_along = (strip[..., :-2] + strip[..., 2:]).add_(strip[..., 1:-1], alpha=2)
        smooth_down = (strip[..., :-2, :] + strip[..., 2:, :]).add_(strip[..., 1:-1, :], alpha=2)
        down = smooth_along[..., 2:, :] - smooth_along[..., :-2, :]
        along = smooth_down[..., 2:] - smooth_down[..., :-2]
        yield down, along, (down * down).addcmul_(along, along).double().sqrt_()


@lru_cache
def _band(weights: tuple[float, ...], step: int, device: torch.device) -> Tensor:
    """Lay the weights out as a (block / step, block + n - step) matrix, `step` places further right in every row."""
    band = torch.zeros(_BLOCK // step, _BLOCK + len(weights) - step, dtype=torch.float64)
    for row, places in enumerate(band):
        places[row * step : row * step + len(weights)] = torch.tensor(weights, dtype=torch.float64)
    return band.to(device)
