"""Sliding windows: separable filters where the window lies inside the image, and local moments under them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

_BLOCK = 32  # rows or columns that one matrix product computes


class WindowMoments(NamedTuple):
    """Weighted means and population covariances under a window, each (..., H', W'), infrared first.

    `means` and `variances` are (3, ...): infrared, visible, fused; `covariances` are (2, ...): each source with fused.
    """

    means: Tensor
    variances: Tensor
    covariances: Tensor


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
    """Filter (..., H, W) along both axes where a window of n weights fits, at every `step`-th place (1, 2, 4, ...)."""
    return torch.cat([_filter_strip(strip, weights, step) for strip in strips(planes, len(weights))], dim=-2)


def window_moments(planes: Tensor, weights: tuple[float, ...]) -> Iterator[WindowMoments]:
    """Compute the moments of (3, ..., H, W) planes, infrared, visible, fused, under one window, strip by strip."""
    for strip in strips(planes, len(weights)):
        maps = strip.new_empty(8, *strip.shape[1:])
        maps[:3] = strip
        torch.mul(strip, strip, out=maps[3:6])
        torch.mul(strip[:2], strip[2], out=maps[6:])
        filtered = _filter_strip(maps, weights)
        means, squares, products = filtered[:3], filtered[3:6], filtered[6:]
        variances = squares.addcmul_(means, means, value=-1)
        yield WindowMoments(means, variances, products.addcmul_(means[:2], means[2], value=-1))


def halve(planes: Tensor) -> Tensor:
    """Average blocks of 2x2 of (..., H, W); an odd last row or column is left out."""
    flat = planes.reshape(-1, 1, *planes.shape[-2:])
    halved = F.avg_pool2d(flat, 2)
    return halved.view(*planes.shape[:-2], *halved.shape[-2:])


def sobel(padded: Tensor) -> tuple[Tensor, Tensor]:
    """Give the Sobel differences down the rows and along the columns of (..., H + 2, W + 2), each (..., H, W)."""
    smooth_along = (padded[..., :-2] + padded[..., 2:]).add_(padded[..., 1:-1], alpha=2)
    smooth_down = (padded[..., :-2, :] + padded[..., 2:, :]).add_(padded[..., 1:-1, :], alpha=2)
    down = smooth_along[..., 2:, :] - smooth_along[..., :-2, :]
    along = smooth_down[..., 2:] - smooth_down[..., :-2]
    return down, along


# Both directions are products with a banded matrix, block by block: several times faster than float64 convolutions.
def _filter_strip(strip: Tensor, weights: tuple[float, ...], step: int = 1) -> Tensor:
    """Filter (..., at most _BLOCK + n - 1, W) at every `step`-th place."""
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


@lru_cache
def _band(weights: tuple[float, ...], step: int, device: torch.device) -> Tensor:
    """Lay the weights out as a (block / step, block + n - step) matrix, `step` places further right in every row."""
    band = torch.zeros(_BLOCK // step, _BLOCK + len(weights) - step, dtype=torch.float64)
    for row, places in enumerate(band):
        places[row * step : row * step + len(weights)] = torch.tensor(weights, dtype=torch.float64)
    return band.to(device)
