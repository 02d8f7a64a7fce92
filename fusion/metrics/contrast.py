"""Metrics that look through a model of human contrast sensitivity: Chen-Blum and Chen-Varshney."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.metrics.filters import filter_valid, sobel
from fusion.metrics.triplet import Triplet

_RADIUS = 15  # of the Gaussian windows of Qcb, in pixels
_BLOCK = 16  # side of the blocks of Qcv, in pixels
_POWER = 5  # of the gradients that make a block salient


def chen_blum(images: Triplet) -> Tensor:
    """Measure how much of the visible contrast of the sources is preserved (Qcb).

    Every image is stretched to 0..255, filtered as an eye filters an image of 15 by 15 degrees, and compared by the
    local contrast between two Gaussian windows. Each source counts by the square of its contrast.

    Returns:
        (B,) float64 in [0, 1]; NaN if an image has a single level, or if a source and the fused image both lack
        contrast at some pixel.

    Source: Chen and Blum, Image and Vision Computing 27 (2009), as in the code of Liu et al., TPAMI 34 (2012).
    """
    stretched = stretch(images.planes)
    radius = _frequencies(stretched) / 15
    sensitivity = torch.exp(-((radius / 15.387) ** 2)) - 0.7622 * torch.exp(-((radius / 1.3456) ** 2))
    contrast = _masked_contrast(_filtered(stretched, sensitivity))  # (3, B, H, W)
    sources, fused = contrast[:2], contrast[2:]
    preserved = torch.minimum(sources, fused) / torch.maximum(sources, fused)
    weights = sources**2
    return ((weights * preserved).sum(0) / weights.sum(0)).mean((1, 2))


def chen_varshney(images: Triplet) -> Tensor:
    """Measure the visible difference between the fused image and the salient blocks of the sources (Qcv).

    Returns:
        (B,) float64, 0 or more, lower is better; NaN if an image has a single level other than 0, or if both sources
        are black.

    Source: Chen and Varshney, Information Fusion 8 (2007), as in the code of Liu et al., TPAMI 34 (2012), which counts
    the step from an image to the zeros around it as an edge.
    """
    stretched = stretch(images.planes)
    radius = _frequencies(stretched) / 4
    sensitivity = 2.6 * (0.0192 + 0.144 * radius) * torch.exp(-((0.144 * radius) ** 1.1))
    differences = _filtered(stretched[:2] - stretched[2], sensitivity)
    strength = torch.cat([strength for _, _, strength in sobel(stretched[:2].float(), "constant")], dim=-2)
    saliency = _block_sums(strength**_POWER)
    errors = _block_sums(differences**2) / _BLOCK**2
    return (saliency * errors).sum((0, 2, 3)) / saliency.sum((0, 2, 3))


def stretch(planes: Tensor) -> Tensor:
    """Stretch whole levels (..., H, W) to 0..255, rounded half up; an image of zeros stays, another flat one is NaN.

    Example:
        >>> stretch(torch.tensor([[[10.0, 11.0, 13.0]], [[0.0, 0.0, 0.0]]]))[:, 0].tolist()
        [[0.0, 85.0, 255.0], [0.0, 0.0, 0.0]]
    """
    levels = planes.double()
    low, high = levels.amin((-2, -1), keepdim=True), levels.amax((-2, -1), keepdim=True)
    span = high - low
    stretched = torch.floor((510 * (levels - low) + span) / (2 * span))  # exact for whole levels
    return torch.where(high == 0, levels, stretched)


def _masked_contrast(planes: Tensor) -> Tensor:
    padded = F.pad(planes, (_RADIUS,) * 4)
    narrow, wide = (filter_valid(padded, _gaussian(sigma)) for sigma in (2.0, 4.0))
    contrast = (narrow / wide - 1).abs()
    return contrast**3 / (contrast**2 + 1e-4)


def _gaussian(sigma: float) -> tuple[float, ...]:
    """Return a Gaussian along one axis, cut off without being normalised again."""
    offset = torch.arange(-_RADIUS, _RADIUS + 1, dtype=torch.float64)
    weights = torch.exp(-(offset**2) / (2 * sigma**2)) / (math.sqrt(2 * math.pi) * sigma)
    return tuple(weights.tolist())


def _frequencies(planes: Tensor) -> Tensor:
    """Return the frequency of every DFT coefficient in cycles per image, (H, W)."""
    rows, columns = (
        torch.fft.fftfreq(side, 1 / side, dtype=torch.float64, device=planes.device) for side in planes.shape[-2:]
    )
    return torch.hypot(rows.unsqueeze(1), columns)


def _filtered(planes: Tensor, response: Tensor) -> Tensor:
    filtered: Tensor = torch.fft.ifft2(torch.fft.fft2(planes) * response)
    return filtered.real


def _block_sums(planes: Tensor) -> Tensor:
    """Sum (2, B, H, W) over blocks, the last of which may be filled up with zeros."""
    height, width = planes.shape[-2:]
    padded = F.pad(planes, (0, -width % _BLOCK, 0, -height % _BLOCK))
    blocks = [side // _BLOCK for side in padded.shape[-2:]]
    return padded.reshape(*padded.shape[:-2], blocks[0], _BLOCK, blocks[1], _BLOCK).sum((-3, -1))
