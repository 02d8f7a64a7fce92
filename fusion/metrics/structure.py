"""Structural similarity of each source with the fused image, averaged over all windows."""

from __future__ import annotations

from torch import Tensor

from fusion.metrics.windows import window_moments


def structural_similarity(
    planes: Tensor, weights: tuple[float, ...], levels: float, correction: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Average SSIM, and its contrast and structure term alone, over the windows; each (2, B).

    Args:
        planes: (3, B, H, W), infrared, visible, fused.
        weights: of the window along one axis.
        levels: the range that the constants are made for.
        correction: of the population covariances, n / (n - 1) for those of a sample.
    """
    for_luminance, for_contrast = (0.01 * levels) ** 2, (0.03 * levels) ** 2
    ssim, contrast = planes.new_zeros(2, 2, planes.shape[1])
    for means, variances, covariances in window_moments(planes, weights):
        spread = variances[:2].add_(variances[2]).mul_(correction).add_(for_contrast)
        contrasts = covariances.mul_(2 * correction).add_(for_contrast).div_(spread)
        power = means.square()
        luminance = means[:2].mul_(means[2]).mul_(2).add_(for_luminance)
        luminance.div_(power[:2].add_(power[2]).add_(for_luminance))
        contrast += contrasts.sum((2, 3))
        ssim += luminance.mul_(contrasts).sum((2, 3))
    windows = (planes.shape[2] - len(weights) + 1) * (planes.shape[3] - len(weights) + 1)
    return ssim / windows, contrast / windows
