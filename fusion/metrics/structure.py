"""Structural similarity (SSIM) of each source and the fused image, averaged over all windows."""

from __future__ import annotations

import torch
from torch import Tensor

from fusion.metrics.filters import filter_strip, strips


def structural_similarity(
    planes: Tensor, weights: tuple[float, ...], levels: float, correction: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Compute the mean SSIM over all windows, and the mean of its contrast and structure term.

    Args:
        planes: (3, B, H, W) float32 grey levels: infrared, visible, fused.
        weights: of the separable window along one axis.
        levels: range of grey levels from which the stabilising constants are derived.
        correction: factor of the population covariances, n / (n - 1) for sample covariances.

    Returns:
        SSIM and contrast term, each (2, B) float64, infrared first.

    Raises:
        ValueError: the images are smaller than the window.
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
