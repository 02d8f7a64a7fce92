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
    """Cut (..., H, W) into strips of rows for a window of `side` rows; each repeats the last side - 1 of the one before.

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


# Both directions are products with a banded matrix: several times faster than float64 convolutions.
def _filter_strip(strip: Tensor, weights: tuple[float, ...], step: int = 1) -> Tensor:
    """Filter (..., at most 32 + n - 1, W)."""
    band, reach = _band(weights, strip.device), len(weights) - 1
    rows, columns = strip.shape[-2] - reach, strip.shape[-1] - reach
    down = band[:rows:step, : rows + reach] @ strip
    filtered = strip.new_empty(*down.shape[:-1], -(-columns // step))
    lines, results = down.flatten(0, -2), filtered.flatten(0, -2).split(_BLOCK // step, dim=1)
    for left, result in zip(range(0, columns, _BLOCK), results, strict=True):
        count = min(_BLOCK, columns - left)
        block = lines[:, left : left + count + reach]
        torch.mm(block, band[:count:step, : count + reach].T, out=result)
    return filtered


@lru_cache
def _band(weights: tuple[float, ...], device: torch.device) -> Tensor:
    """Lay the weights out as a (block, block + n - 1) matrix, one place further right in every row."""
    band = torch.zeros(_BLOCK, _BLOCK + len(weights) - 1, dtype=torch.float64)
    for row in range(_BLOCK):
        band[row, row : row + len(weights)] = torch.tensor(weights, dtype=torch.float64)
    return band.to(device)
