"""Plain implementations of the metrics of grey levels: histograms, moments, correlations and errors."""

from __future__ import annotations

import numpy as np

from tests.fusion.metrics.plain_filters import Pixels, Plane


def _entropy(counts: Plane) -> float:
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share)).sum())


def _histogram(image: Pixels) -> Plane:
    return np.bincount(image.ravel(), minlength=256).astype(np.float64)


def _joint(first: Pixels, second: Pixels) -> Plane:
    levels = first.astype(np.int64) * 256 + second
    return np.bincount(levels.ravel(), minlength=256 * 256).astype(np.float64)


def entropy(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return _entropy(_histogram(fused))


def deviation(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return float(fused.astype(np.float64).std())


def deviation_sample(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return float(fused.astype(np.float64).std(ddof=1))


def _information(source: Pixels, fused: Pixels) -> float:
    return _entropy(_histogram(source)) + _entropy(_histogram(fused)) - _entropy(_joint(source, fused))


def information(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return _information(infrared, fused) + _information(visible, fused)


def information_nats(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return information(infrared, visible, fused) * float(np.log(2))


def information_merged(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    """The standard code counts 255 as 254, in the joint histogram but not in the single ones."""
    total = 0.0
    for source in (infrared, visible):
        joint = _joint(np.minimum(source, 254), np.minimum(fused, 254))
        total += _entropy(_histogram(source)) + _entropy(_histogram(fused)) - _entropy(joint)
    return total


def information_normalised(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    total = 0.0
    for source in (infrared, visible):
        both = _entropy(_histogram(source)) + _entropy(_histogram(fused))
        total += 2 * _information(source, fused) / both
    return total


def cross_entropy(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    total = 0.0
    for source in (infrared, visible):
        wanted, found = _histogram(source) / source.size, _histogram(fused) / fused.size
        both = (wanted > 0) & (found > 0)
        total += float((wanted[both] * np.log2(wanted[both] / found[both])).sum())
    return total / 2


def _correlation(first: Plane, second: Plane) -> float:
    first, second = first - first.mean(), second - second.mean()
    return float((first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum()))


def correlation(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    target = fused.astype(np.float64)
    return (_correlation(infrared.astype(np.float64), target) + _correlation(visible.astype(np.float64), target)) / 2


def correlation_of_differences(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    first, second, target = (image.astype(np.float64) for image in (infrared, visible, fused))
    return _correlation(target - second, first) + _correlation(target - first, second)


def _error(source: Pixels, fused: Pixels) -> float:
    return float(((source.astype(np.float64) - fused.astype(np.float64)) ** 2).mean())


def error(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return (_error(infrared, fused) + _error(visible, fused)) / 2


def error_unit(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return error(infrared, visible, fused) / 255**2


def psnr_eif(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return float(20 * np.log10(255 / np.sqrt(error_unit(infrared, visible, fused))))


def psnr_pooled(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return float(20 * np.log10(255 / np.sqrt(error(infrared, visible, fused))))


def psnr_mean(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return float(np.mean([10 * np.log10(255**2 / _error(source, fused)) for source in (infrared, visible)]))


def psnr_of_brightest(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return float(10 * np.log10(float(fused.max()) ** 2 / error(infrared, visible, fused)))


def rmse_vifb(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    """VIFB takes the root of the summed squares before it divides by the number of pixels."""
    parts = [np.sqrt(_error(source, fused) * fused.size) / fused.size for source in (infrared, visible)]
    return float(np.mean(parts))


def psnr_vifb(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return float(20 * np.log10(255 / np.sqrt(rmse_vifb(infrared, visible, fused))))
