"""Sliding windows: separable filters where the window lies inside the image, and local moments under them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

_BLOCK = 32  # rows or columns computed by one matrix product


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


def filter_valid(planes: Tensor, weights: Sequence[float]) -> Tensor:
    """Filter (..., H, W) along both axes with a window of n weights; (..., H - n + 1, W - n + 1).

    Raises:
        ValueError: the image is smaller than the window.
    """
    if min(planes.shape[-2:]) < len(weights):
        size = f"{planes.shape[-1]}x{planes.shape[-2]}"
        raise ValueError(f"a window of {len(weights)}x{len(weights)} does not fit into {size} pixels")
    return _filter_along(_filter_down(planes, tuple(weights)), tuple(weights))


def window_moments(planes: Tensor, weights: Sequence[float]) -> WindowMoments:
    """Compute the moments of (3, ..., H, W) planes, infrared, visible, fused, under one window."""
    maps = planes.new_empty(8, *planes.shape[1:])
    maps[:3] = planes
    torch.mul(planes, planes, out=maps[3:6])
    torch.mul(planes[:2], planes[2], out=maps[6:])
    filtered = filter_valid(maps, weights)
    means, squares, products = filtered[:3], filtered[3:6], filtered[6:]
    return WindowMoments(means, squares.sub_(means**2), products.sub_(means[:2] * means[2]))


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
def _filter_down(planes: Tensor, weights: tuple[float, ...]) -> Tensor:
    band, reach = _band(weights, planes.device), len(weights) - 1
    rows = planes.shape[-2] - reach
    filtered = planes.new_empty(*planes.shape[:-2], rows, planes.shape[-1])
    for plane, result in zip(planes.flatten(0, -3), filtered.flatten(0, -3), strict=True):
        for top in range(0, rows, _BLOCK):
            count = min(_BLOCK, rows - top)
            torch.mm(band[:count, : count + reach], plane[top : top + count + reach], out=result[top : top + count])
    return filtered


def _filter_along(planes: Tensor, weights: tuple[float, ...]) -> Tensor:
    band, reach = _band(weights, planes.device), len(weights) - 1
    columns = planes.shape[-1] - reach
    filtered = planes.new_empty(*planes.shape[:-1], columns)
    lines, results = planes.flatten(0, -2), filtered.flatten(0, -2)
    for left in range(0, columns, _BLOCK):
        count = min(_BLOCK, columns - left)
        block = lines[:, left : left + count + reach]
        torch.mm(block, band[:count, : count + reach].T, out=results[:, left : left + count])
    return filtered


@lru_cache
def _band(weights: tuple[float, ...], device: torch.device) -> Tensor:
    """Lay the weights out as a (block, block + n - 1) matrix, one place further right in every row."""
    band = torch.zeros(_BLOCK, _BLOCK + len(weights) - 1, dtype=torch.float64)
    for row in range(_BLOCK):
        band[row, row : row + len(weights)] = torch.tensor(weights, dtype=torch.float64)
    return band.to(device)
