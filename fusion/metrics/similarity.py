"""Metrics that compare local windows of each source with those of the fused image: SSIM, multi-scale SSIM, VIF."""

from __future__ import annotations

import torch
from torch import Tensor

from fusion.metrics.filters import filter_strip, filter_valid, gaussian, halve, strips
from fusion.metrics.structure import structural_similarity
from fusion.metrics.triplet import Triplet

WANG_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_TINY = 1e-10  # smaller variances are treated as 0
_NOISE = 2.0  # variance of the visual noise


def ssim(images: Triplet) -> Tensor:
    """Compute the structural similarity of the fused image to the sources, mean of both (SSIM); (B,), at most 1.

    Gaussian window 11x11, sigma 1.5, population covariance, range 255, windows inside the image.

    Source: Wang, Bovik, Sheikh and Simoncelli, IEEE Trans. Image Processing 13 (2004).
    """
    return images.gaussian_similarity[0].mean(0)


def ssim_sum(images: Triplet) -> Tensor:
    """Compute the sum of both SSIMs, as VIFB does; (B,), at most 2."""
    return images.gaussian_similarity[0].sum(0)


def ssim_range_1(images: Triplet) -> Tensor:
    """Compute the standard code's SSIM, which uses range 1 for grey levels 0..255, mean of both; (B,)."""
    return structural_similarity(images.planes, gaussian(11, 1.5), 1.0)[0].mean(0)


def ssim_cddfuse(images: Triplet) -> Tensor:
    """Compute CDDFuse's SSIM: uniform 7x7 window, sample covariance, range 2 for levels 0..255, sum of both; (B,)."""
    return structural_similarity(images.planes, (1 / 7,) * 7, 2.0, correction=49 / 48)[0].sum(0)


def multi_scale_ssim(images: Triplet) -> Tensor:
    """Compute the SSIM of the fused image to the sources at five scales, mean of both (MS_SSIM); (B,) in [0, 1].

    A scale whose mean contrast term is negative counts as 0. Each side must have at least 176 pixels.

    Source: Wang, Simoncelli and Bovik, Asilomar Conference (2003).
    """
    planes, similarities = images.planes, [images.gaussian_similarity]
    for _ in WANG_WEIGHTS[1:]:
        planes = halve(planes)
        similarities.append(structural_similarity(planes, gaussian(11, 1.5), 255.0))
    terms = [*(contrast for _, contrast in similarities[:-1]), similarities[-1][0]]
    powers = [term.clamp(min=0) ** weight for term, weight in zip(terms, WANG_WEIGHTS, strict=True)]
    return torch.stack(powers).prod(0).mean(0)


def visual_information_fidelity(images: Triplet) -> Tensor:
    """Compute the visual information fidelity of the fused image to each source, summed (VIF).

    Pixel domain, four scales. Each side must have at least 41 pixels.

    Returns:
        (B,) float64, 2 if all three images are equal; NaN if a source is constant.

    Source: Sheikh and Bovik, IEEE Trans. Image Processing 15 (2006), the authors' vifp_mscale.
    """
    planes, preserved = images.planes, torch.zeros_like(images.squared_errors)
    total = torch.zeros_like(preserved)
    for size in (17, 9, 5, 3):
        window = gaussian(size, size / 5)
        if size < 17:
            planes = filter_valid(planes, window, step=2)
        for strip in strips(planes, size):
            variances, covariances = _moments(strip, window)
            # a flat window contains no information and preserves none
            source, fused = torch.threshold_(variances, _TINY, 0.0).tensor_split([2])
            shared = covariances.clamp_(min=0).masked_fill_(fused == 0, 0.0)
            gain = shared / (source + _TINY)
            noise = (fused - gain * shared).clamp_(min=_TINY).add_(_NOISE)
            preserved += _log_sum(gain.square_().mul_(source).div_(noise))
            total += _log_sum(source.div_(_NOISE))
    return (preserved / total).sum(0)


def _moments(strip: Tensor, window: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """Compute the variances, (3, B, H', W'), and the covariances of each source and the fused image, (2, B, H', W')."""
    maps = strip.new_empty(8, *strip.shape[1:], dtype=torch.float64)
    maps[:3] = strip
    torch.mul(maps[:3], maps[:3], out=maps[3:6])
    torch.mul(maps[:2], maps[2], out=maps[6:])
    means, squares, products = filter_strip(maps, window).tensor_split([3, 6])
    return squares.addcmul_(means, means, value=-1), products.addcmul_(means[:2], means[2], value=-1)


def _log_sum(ratios: Tensor) -> Tensor:
    """Sum log(1 + ratio) over one strip; (2, B). The product of a column is finite, as every ratio is below 10^4."""
    return ratios.add_(1).prod(2).log_().sum(2)
