"""Filters over sliding windows: separable ones inside the image, 2x2 averages, and Sobel, strip by strip."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

_BLOCK = 48  # rows or columns per matrix product, fastest with two threads; even, so that steps of 2 fit


def gaussian(size: int, sigma: float) -> tuple[float, ...]:
    """Return the weights of a Gaussian window along one axis; they sum to 1.

    Example:
        >>> [round(weight, 3) for weight in gaussian(5, 1.0)]
        [0.054, 0.244, 0.403, 0.244, 0.054]
    """
    offset = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    weights = torch.exp(-(offset**2) / (2 * sigma**2))
    return tuple((weights / weights.sum()).tolist())


def strips(planes: Tensor, side: int) -> Iterator[Tensor]:
    """Split (..., H, W) into strips of rows for a window of `side` rows; strips overlap by side - 1 rows.

    Intermediate results of a strip fit into the processor's cache, and their memory is reused for the next strip.

    Raises:
        ValueError: the image is smaller than the window.
    """
    if min(planes.shape[-2:]) < side:
        size = f"{planes.shape[-1]}x{planes.shape[-2]}"
        raise ValueError(f"images of {size} pixels are smaller than the window (expected at least {side}x{side})")
    for top in range(0, planes.shape[-2] - side + 1, _BLOCK):
        yield planes[..., top : top + _BLOCK + side - 1, :]


def filter_valid(planes: Tensor, weights: tuple[float, ...], step: int = 1) -> Tensor:
    """Filter (..., H, W) along both axes at every `step`-th position (1 or 2) where the window of n weights fits.

    Returns:
        (..., H - n + 1, W - n + 1) float64, or half of that, rounded up, for a step of 2.
    """
    return torch.cat([filter_strip(strip.double(), weights, step) for strip in strips(planes, len(weights))], dim=-2)


# Both directions are products with a banded matrix, block by block: several times faster than float64 convolution.
def filter_strip(strip: Tensor, weights: tuple[float, ...], step: int = 1) -> Tensor:
    """Filter one strip, (..., h, W) float64, as `filter_valid` does."""
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
    torch.mm(lines[:, -len(across) :], across, out=results[:, -count:])  # the columns after the last whole block
    return filtered


def halve(planes: Tensor) -> Tensor:
    """Average blocks of 2x2 of (..., H, W), dropping an odd last row or column; exact in float32 four times over."""
    flat = planes.reshape(-1, 1, *planes.shape[-2:])
    halved = F.avg_pool2d(flat, 2)
    return halved.view(*planes.shape[:-2], *halved.shape[-2:])


def sobel(planes: Tensor, border: str) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield the vertical and horizontal Sobel differences and the edge strength, strip by strip.

    Args:
        planes: (..., B, H, W) float32 grey levels; the differences and the sum of their squares are exact.
        border: padding mode of `torch.nn.functional.pad`.

    Yields:
        For each strip of h rows, three tensors (..., B, h, W); the strength is float64.
    """
    for strip in strips(F.pad(planes, (1, 1, 1, 1), mode=border), 3):
        smooth_along = (strip[..., :-2] + strip[..., 2:]).add_(strip[..., 1:-1], alpha=2)
        smooth_down = (strip[..., :-2, :] + strip[..., 2:, :]).add_(strip[..., 1:-1, :], alpha=2)
        down = smooth_along[..., 2:, :] - smooth_along[..., :-2, :]
        along = smooth_down[..., 2:] - smooth_down[..., :-2]
        yield down, along, (down * down).addcmul_(along, along).double().sqrt_()


@lru_cache
def _band(weights: tuple[float, ...], step: int, device: torch.device) -> Tensor:
    """Build the banded (block / step, block + n - step) matrix whose rows contain the weights, shifted by `step`."""
    band = torch.zeros(_BLOCK // step, _BLOCK + len(weights) - step, dtype=torch.float64)
    for row, places in enumerate(band):
        places[row * step : row * step + len(weights)] = torch.tensor(weights, dtype=torch.float64)
    return band.to(device)
