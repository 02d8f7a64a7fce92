"""Plain implementation of the multi-exposure SSIM that the standard code prints as MS_SSIM (Ma, Zeng and Wang 2015)."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import correlate1d

from tests.fusion.metrics.plain_filters import Pixels, Plane, filter_valid, gaussian

SIZE = 11
WEIGHTS = (0.0448, 0.2856, 0.3001)
TINY = np.finfo(np.float64).eps


def _energy(first: Plane, second: Plane) -> Plane:
    """Sum (first - its mean)(second - its mean) over each window; exact for whole numbers and their quarters."""
    ones = np.ones(SIZE)
    sums = filter_valid(first, ones) * filter_valid(second, ones)
    return np.asarray((SIZE**2 * filter_valid(first * second, ones) - sums) / SIZE**2)


def _covariance(first: Plane, second: Plane) -> Plane:
    window = gaussian(SIZE, 1.5)
    return filter_valid(first * second, window) - filter_valid(first, window) * filter_valid(second, window)


def scale_score(infrared: Plane, visible: Plane, fused: Plane) -> float:
    energy_a, energy_b, energy_ab = _energy(infrared, infrared), _energy(visible, visible), _energy(infrared, visible)
    norm_a, norm_b = np.sqrt(energy_a), np.sqrt(energy_b)
    together = np.sqrt(np.maximum(energy_a + energy_b + 2 * energy_ab, 0))
    consistency = np.minimum((together + TINY) / (norm_a + norm_b + TINY), 1 - TINY)
    power = np.minimum(np.tan(np.pi / 2 * consistency), 10)
    contrast_a, contrast_b = norm_a + 0.001, norm_b + 0.001
    weight_a, weight_b = (contrast_a / SIZE) ** power + TINY, (contrast_b / SIZE) ** power + TINY
    part_a = weight_a / (weight_a + weight_b) / contrast_a
    part_b = weight_b / (weight_a + weight_b) / contrast_b
    length_sq = np.maximum(part_a**2 * energy_a + 2 * part_a * part_b * energy_ab + part_b**2 * energy_b, 0)
    flat = length_sq == 0
    stretch = np.where(flat, 0, np.maximum(contrast_a, contrast_b) / np.sqrt(np.where(flat, 1, length_sq)))
    part_a, part_b = part_a * stretch, part_b * stretch
    wanted_sq = (
        part_a**2 * _covariance(infrared, infrared)
        + 2 * part_a * part_b * _covariance(infrared, visible)
        + part_b**2 * _covariance(visible, visible)
    )
    shared = part_a * _covariance(infrared, fused) + part_b * _covariance(visible, fused)
    constant = (0.03 * 255) ** 2
    return float(((2 * shared + constant) / (wanted_sq + _covariance(fused, fused) + constant)).mean())


def _next_scale(image: Plane) -> Plane:
    """Average each pixel at even row and column with its neighbours below and to the right; the border is repeated."""
    pair = np.array([0.5, 0.5])
    below = correlate1d(image, pair, axis=0, mode="reflect", origin=-1)
    return np.asarray(correlate1d(below, pair, axis=1, mode="reflect", origin=-1)[::2, ::2])


def mef_scales(infrared: Pixels, visible: Pixels, fused: Pixels) -> list[float]:
    planes = [image.astype(np.float64) for image in (infrared, visible, fused)]
    scores = []
    for _ in WEIGHTS:
        scores.append(scale_score(*planes))
        planes = [_next_scale(plane) for plane in planes]
    return scores


def mef_ms_ssim(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    powers = np.array(WEIGHTS) / sum(WEIGHTS)
    return float(np.prod(np.array(mef_scales(infrared, visible, fused)) ** powers))
