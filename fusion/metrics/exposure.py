"""The multi-exposure SSIM, which the standard code prints under the name MS_SSIM."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.metrics.filters import filter_valid, gaussian
from fusion.metrics.similarity import WANG_WEIGHTS
from fusion.metrics.triplet import Triplet

_SIDE = 11
_WEIGHTS = WANG_WEIGHTS[:3]
_EPS = torch.finfo(torch.float64).eps


def multi_exposure_ssim(images: Triplet) -> Tensor:
    """Compare the patches of the fused image with the ideal patches of the sources, at three scales (MEF_MS_SSIM).

    Each side must have at least 41 pixels.

    Returns:
        (B,) float64, at most 1; NaN if the score of a scale is negative, as its real power is undefined.

    Source: Ma, Zeng and Wang, IEEE Trans. Image Processing 24 (2015).
    """
    planes, product = images.planes.double(), torch.ones(images.batch, dtype=torch.float64, device=images.planes.device)
    for weight in _WEIGHTS:
        product = product * _scale(planes) ** (weight / sum(_WEIGHTS))
        odd_height, odd_width = planes.shape[2] % 2, planes.shape[3] % 2
        planes = F.avg_pool2d(F.pad(planes, (0, odd_width, 0, odd_height), mode="replicate"), 2)
    return product


def _scale(planes: Tensor) -> Tensor:
    """Compute the mean score of one scale of (3, B, H, W) planes; (B,)."""
    part_infrared, part_visible = _ideal_parts(planes[0], planes[1])
    window = gaussian(_SIDE, 1.5)
    means = filter_valid(planes, window)

    def covariance(first: int, second: int) -> Tensor:
        return filter_valid(planes[first] * planes[second], window) - means[first] * means[second]

    of_both = 2 * part_infrared * part_visible * covariance(0, 1)
    ideal = part_infrared**2 * covariance(0, 0) + of_both + part_visible**2 * covariance(1, 1)
    shared = part_infrared * covariance(0, 2) + part_visible * covariance(1, 2)
    constant = (0.03 * 255) ** 2
    return ((2 * shared + constant) / (ideal + covariance(2, 2) + constant)).mean((1, 2))


def _ideal_parts(infrared: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the factors by which both centred patches add up to the ideal one: higher contrast, common structure.

    Both images are (B, H, W); each factor is (B, H', W'), at the positions where the window fits.
    """
    of_infrared, of_visible = _energy(infrared, infrared), _energy(visible, visible)
    of_both = _energy(infrared, visible)
    norms = torch.stack([of_infrared, of_visible]).sqrt()
    together = (of_infrared + of_visible + 2 * of_both).clamp(min=0).sqrt()
    consistency = ((together + _EPS) / (norms.sum(0) + _EPS)).clamp(max=1 - _EPS)
    power = torch.tan(consistency * (math.pi / 2)).clamp(max=10)
    contrasts = norms + 0.001
    weights = (contrasts / _SIDE) ** power + _EPS
    parts = weights / weights.sum(0) / contrasts
    mixed = 2 * parts[0] * parts[1] * of_both
    length = (parts[0] ** 2 * of_infrared + mixed + parts[1] ** 2 * of_visible).clamp(min=0).sqrt()
    stretch = torch.where(length > 0, contrasts.amax(0) / length, 0.0)
    return parts[0] * stretch, parts[1] * stretch


def _energy(first: Tensor, second: Tensor) -> Tensor:
    """Sum the products of both centred windows; exact for whole numbers and their quarters."""
    ones, count = (1.0,) * _SIDE, _SIDE**2
    sums = filter_valid(first, ones) * filter_valid(second, ones)
    return (count * filter_valid(first * second, ones) - sums) / count
