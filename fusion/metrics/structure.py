"""Structural similarity of each source with the fused image, averaged over all windows."""

from __future__ import annotations

import torch
from torch import Tensor

from fusion.metrics.windows import filter_strip, strips


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
    for_luminance, for_contrast = (0.01 * levels) ** 2, (0.03 * levels) ** 2 / correction
    ssim = torch.zeros(2, planes.shape[1], dtype=torch.float64, device=planes.device)
    contrast = torch.zeros_like(ssim)
    for strip in strips(planes, len(weights)):
        maps = strip.new_empty(7, *strip.shape[1:], dtype=torch.float64)
        maps[:3] = strip
        source, fused = maps[:2], maps[2]
        torch.addcmul(fused * fused, source, source, out=maps[3:5])  # only the sum of both variances is needed
        torch.mul(source, fused, out=maps[5:])
        means, powers, products = filter_strip(maps, weights).tensor_split([3, 5])
        product, power = means[:2] * means[2], torch.addcmul(means[2] * means[2], means[:2], means[:2])
        spread = powers.sub_(power).add_(for_contrast)
        contrasts = products.sub_(product).mul_(2).add_(for_contrast).div_(spread)
        contrast += contrasts.sum((2, 3))
        luminance = product.mul_(2).add_(for_luminance).div_(power.add_(for_luminance))
        ssim += luminance.mul_(contrasts).sum((2, 3))
    windows = (planes.shape[2] - len(weights) + 1) * (planes.shape[3] - len(weights) + 1)
    return ssim / windows, contrast / windows
