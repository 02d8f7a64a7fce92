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
    ssim = planes.new_zeros(2, planes.shape[1])
    contrast = torch.zeros_like(ssim)
    for strip in strips(planes, len(weights)):
        maps = strip.new_empty(7, *strip.shape[1:])
        maps[:3] = strip
        squares = strip * strip
        torch.add(squares[:2], squares[2], out=maps[3:5])  # only the sum of both variances is needed
        torch.mul(strip[:2], strip[2], out=maps[5:])
        means, powers, products = filter_strip(maps, weights).tensor_split([3, 5])
        source, fused = means[:2], means[2]
        product, power = source * fused, torch.addcmul(fused * fused, source, source)
        spread = powers.sub_(power).add_(for_contrast)
        contrasts = products.sub_(product).mul_(2).add_(for_contrast).div_(spread)
        contrast += contrasts.sum((2, 3))
        luminance = product.mul_(2).add_(for_luminance).div_(power.add_(for_luminance))
        ssim += luminance.mul_(contrasts).sum((2, 3))
    windows = (planes.shape[2] - len(weights) + 1) * (planes.shape[3] - len(weights) + 1)
    return ssim / windows, contrast / windows
