"""Metrics that compare windows of each source with those of the fused image: SSIM, multi-scale SSIM and VIF."""

from __future__ import annotations

import torch
from torch import Tensor

from fusion.metrics.triplet import Triplet
from fusion.metrics.windows import WindowMoments, filter_valid, gaussian, halve, window_moments

WANG_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_TINY = 1e-10  # a variance below this counts as none
_NOISE = 2.0  # variance of the visual noise


def ssim(images: Triplet) -> Tensor:
    """Tell how alike the fused image is to the sources in windows, mean of both (SSIM); (B,), at most 1.

    Gaussian 11x11, sigma 1.5, population covariance, range 255, windows inside the image.

    Source: Wang, Bovik, Sheikh and Simoncelli, IEEE Trans. Image Processing 13 (2004).
    """
    return _ssim(images.gaussian_moments, 255.0).mean(0)


def ssim_sum(images: Triplet) -> Tensor:
    """Give the sum of the two SSIMs, as VIFB does."""
    return _ssim(images.gaussian_moments, 255.0).sum(0)


def ssim_range_1(images: Triplet) -> Tensor:
    """Give the standard code's SSIM, called with range 1 on images of 0..255."""
    return _ssim(images.gaussian_moments, 1.0).mean(0)


def ssim_cddfuse(images: Triplet) -> Tensor:
    """Give CDDFuse's SSIM: sum of both, uniform 7x7 window, sample covariance, range 2 on images of 0..255."""
    moments = window_moments(images.planes, (1 / 7,) * 7)
    unbiased = 49 / 48
    return _ssim(WindowMoments(moments[0], moments[1] * unbiased, moments[2] * unbiased), 2.0).sum(0)


def multi_scale_ssim(images: Triplet) -> Tensor:
    """Compare the fused image with the sources at five scales, mean of both (MS_SSIM); (B,) in [0, 1].

    A scale whose mean contrast term is negative counts as 0. Each side must be at least 176 pixels.

    Source: Wang, Simoncelli and Bovik, Asilomar Conference (2003).
    """
    planes, product = images.planes, torch.ones_like(images.squared_errors)
    for scale, weight in enumerate(WANG_WEIGHTS):
        moments = images.gaussian_moments if scale == 0 else window_moments(planes, gaussian(11, 1.5))
        last = scale == len(WANG_WEIGHTS) - 1
        score = _ssim(moments, 255.0) if last else _contrast(moments, 255.0).mean((2, 3))
        product = product * score.clamp(min=0) ** weight
        planes = planes if last else halve(planes)
    return product.mean(0)


def visual_information_fidelity(images: Triplet) -> Tensor:
    """Tell how much of the information in each source can still be seen in the fused image, summed (VIF).

    Pixel domain, four scales; NaN where a source is constant. Each side must be at least 41 pixels.

    Source: Sheikh and Bovik, IEEE Trans. Image Processing 15 (2006), the authors' vifp_mscale.
    """
    planes, seen = images.planes, torch.zeros_like(images.squared_errors)
    there = torch.zeros_like(seen)
    for size in (17, 9, 5, 3):
        window = gaussian(size, size / 5)
        if size < 17:
            planes = filter_valid(planes, window)[..., ::2, ::2]
        moments = window_moments(planes, window)
        variances = moments.variances.clamp_(min=0)
        flat = variances < _TINY
        source, fused = variances[:2].masked_fill_(flat[:2], 0.0), variances[2]
        gain = (moments.covariances / (source + _TINY)).clamp_(min=0).masked_fill_(flat[:2] | flat[2], 0.0)
        noise = (fused - gain * moments.covariances).clamp_(min=_TINY)
        seen += gain.square_().mul_(source).div_(noise.add_(_NOISE)).log1p_().sum((2, 3))
        there += source.div_(_NOISE).log1p_().sum((2, 3))
    return (seen / there).sum(0)


def _ssim(moments: WindowMoments, levels: float) -> Tensor:
    """Give the mean SSIM of each source with the fused image, (2, B)."""
    constant = (0.01 * levels) ** 2
    source, fused = moments.means[:2], moments.means[2]
    luminance = (source * fused).mul_(2).add_(constant)
    luminance.div_((source * source).add_(fused * fused).add_(constant))
    return luminance.mul_(_contrast(moments, levels)).mean((2, 3))


def _contrast(moments: WindowMoments, levels: float) -> Tensor:
    """Map contrast and structure terms, (2, B, H', W')."""
    constant = (0.03 * levels) ** 2
    spread = (moments.variances[:2] + moments.variances[2]).add_(constant)
    return (2 * moments.covariances).add_(constant).div_(spread)
