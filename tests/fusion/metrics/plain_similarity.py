"""Plain implementations of the metrics that compare windows of each source with those of the fused image."""

from __future__ import annotations

import numpy as np

from tests.fusion.metrics.plain_filters import Pixels, Plane, filter_valid, gaussian, halve

WANG_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def _terms(first: Plane, second: Plane, window: Plane, levels: float, sample: float = 1.0) -> tuple[Plane, Plane]:
    """Return the maps of luminance and of contrast with structure; `sample` scales the covariances."""
    mean_1, mean_2 = filter_valid(first, window), filter_valid(second, window)
    variance_1 = sample * (filter_valid(first**2, window) - mean_1**2)
    variance_2 = sample * (filter_valid(second**2, window) - mean_2**2)
    covariance = sample * (filter_valid(first * second, window) - mean_1 * mean_2)
    c1, c2 = (0.01 * levels) ** 2, (0.03 * levels) ** 2
    luminance = (2 * mean_1 * mean_2 + c1) / (mean_1**2 + mean_2**2 + c1)
    return luminance, (2 * covariance + c2) / (variance_1 + variance_2 + c2)


def _ssim(source: Pixels, fused: Pixels, levels: float) -> float:
    terms = _terms(source.astype(np.float64), fused.astype(np.float64), gaussian(11, 1.5), levels)
    return float((terms[0] * terms[1]).mean())


def ssim(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return (_ssim(infrared, fused, 255) + _ssim(visible, fused, 255)) / 2


def ssim_sum(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return _ssim(infrared, fused, 255) + _ssim(visible, fused, 255)


def ssim_l1(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return (_ssim(infrared, fused, 1) + _ssim(visible, fused, 1)) / 2


def ssim_cddfuse(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    total = 0.0
    for source in (infrared, visible):
        images = source.astype(np.float64), fused.astype(np.float64)
        luminance, rest = _terms(*images, np.full(7, 1 / 7), 2, sample=49 / 48)
        total += float((luminance * rest).mean())
    return total


def _ms_ssim(source: Pixels, fused: Pixels) -> float:
    first, second, product = source.astype(np.float64), fused.astype(np.float64), 1.0
    for scale, weight in enumerate(WANG_WEIGHTS):
        luminance, rest = _terms(first, second, gaussian(11, 1.5), 255)
        last = scale == len(WANG_WEIGHTS) - 1
        score = float((luminance * rest).mean() if last else rest.mean())
        product *= max(score, 0.0) ** weight
        first, second = halve(first), halve(second)
    return product


def ms_ssim(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return (_ms_ssim(infrared, fused) + _ms_ssim(visible, fused)) / 2


def _vifp(source: Pixels, fused: Pixels) -> float:
    first, second = source.astype(np.float64), fused.astype(np.float64)
    kept, there, tiny = 0.0, 0.0, 1e-10
    for size in (17, 9, 5, 3):
        window = gaussian(size, size / 5)
        if size < 17:
            first, second = filter_valid(first, window)[::2, ::2], filter_valid(second, window)[::2, ::2]
        mean_1, mean_2 = filter_valid(first, window), filter_valid(second, window)
        variance_1 = np.maximum(filter_valid(first**2, window) - mean_1**2, 0)
        variance_2 = np.maximum(filter_valid(second**2, window) - mean_2**2, 0)
        covariance = filter_valid(first * second, window) - mean_1 * mean_2
        gain = covariance / (variance_1 + tiny)
        noise = variance_2 - gain * covariance
        flat_1, flat_2 = variance_1 < tiny, variance_2 < tiny
        gain = np.where(flat_1 | flat_2, 0, gain)
        noise = np.where(flat_2, 0, np.where(flat_1 | (gain < 0), variance_2, noise))
        gain, noise = np.maximum(gain, 0), np.maximum(noise, tiny)
        variance_1 = np.where(flat_1, 0, variance_1)
        kept += float(np.log1p(gain**2 * variance_1 / (noise + 2)).sum())
        there += float(np.log1p(variance_1 / 2).sum())
    return kept / there


def vif(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return _vifp(infrared, fused) + _vifp(visible, fused)
