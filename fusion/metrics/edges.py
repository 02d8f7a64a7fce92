"""Metrics of the sources' edges in the fused image: what is preserved, and which edges are artifacts."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fusion.metrics.filters import sobel
from fusion.metrics.triplet import Triplet


def edge_preservation(images: Triplet) -> Tensor:
    """Measure how much edge strength and direction of both sources is preserved (Qabf).

    As in the standard code, where source and fused edge are equally strong, the strength itself is used instead of the
    ratio 1, an error of up to 2e-4.

    Returns:
        (B,) float64 in [0, 1]; NaN if both sources are black. Any other constant image has an edge at the border, as
        images are padded with zeros.

    Source: Xydeas and Petrovic, Electronics Letters 36 (2000).
    """
    return _preserved(images, strength_factor=1.0)


def edge_preservation_vifb(images: Triplet) -> Tensor:
    """Compute VIFB's Qabf: it multiplies grey levels by 255 again, which affects equally strong edges only; (B,)."""
    return _preserved(images, strength_factor=255.0)


def edge_preservation_clean(images: Triplet) -> Tensor:
    """Compute Qabf with a ratio of 1 where source and fused edge are equally strong; (B,) in [0, 1]."""
    return _preserved(images, strength_factor=None)


def fusion_artifacts(images: Triplet) -> Tensor:
    """Measure the weight of edges that are stronger in the fused image than in both sources, artifacts (Nabf).

    Returns:
        (B,) float64 in [0, 1], lower is better.

    Source: Shreyamsha Kumar, Signal, Image and Video Processing 7 (2013).
    """
    return _artifacts(images.planes)


def fusion_artifacts_as_called(images: Triplet) -> Tensor:
    """Compute what the standard code prints as Nabf since 2023, which passes infrared as the fused image; (B,)."""
    return _artifacts(images.planes[[1, 2, 0]])


def _preserved(images: Triplet, strength_factor: float | None) -> Tensor:
    kept = torch.zeros(2, images.batch, dtype=torch.float64, device=images.planes.device)
    there = torch.zeros_like(kept)
    for down, along, strength in sobel(images.planes, "constant"):
        # in the authors' code up is positive, hence -pi/2 where the horizontal difference is 0
        angle = (down.double() / along.double()).nan_to_num_(nan=-math.inf, posinf=-math.inf, neginf=-math.inf).atan_()
        source, fused = strength[:2], strength[2]
        ratio = _ratio(source, fused)
        if strength_factor is not None:
            ratio = torch.where(source == fused, strength_factor * fused, ratio)
        agreement = angle[:2].sub_(angle[2]).abs_().mul_(-2 / math.pi).add_(1)
        quality_inverse = _rise(ratio, 15, 0.5).mul_(_rise(agreement, 22, 0.8))
        there += source.sum((2, 3))
        kept += source.div_(quality_inverse).sum((2, 3))
    return 0.9994 * 0.9879 * kept.sum(0) / there.sum(0)


def _artifacts(planes: Tensor) -> Tensor:
    """Compute Nabf of (3, B, H, W) planes: two sources, then the fused image; (B,)."""
    lost = torch.zeros(planes.shape[1], dtype=torch.float64, device=planes.device)
    there = torch.zeros_like(lost)
    for down, along, strength in sobel(planes, "reflect"):
        strength.div_(8)
        weight = torch.where(strength[:2] >= 2, strength[:2] * strength[:2].sqrt(), 0.001)
        there += weight.sum((0, 2, 3))
        image, row, column = ((strength[2] > strength[0]) & (strength[2] > strength[1])).nonzero(as_tuple=True)
        added = (slice(None), image, row, column)
        down, along, strength = down[added].double(), along[added].double(), strength[added]
        angle = torch.where(down == 0, (along != 0) * (math.pi / 2), torch.atan(along / down))
        ratio = _ratio(strength[:2], strength[2])
        agreement = ((angle[:2] - angle[2]).abs() - math.pi / 2).abs() * (2 / math.pi)
        quality = (0.9999 * 0.9995 / (_rise(ratio, 19, 0.5) * _rise(agreement, 22, 0.5))).sqrt()
        lost.index_add_(0, image, ((1 - quality) * weight[added]).sum(0))
    return lost / there


def _ratio(first: Tensor, second: Tensor) -> Tensor:
    """Divide the smaller strength by the larger one; 0 where both are 0."""
    larger = torch.maximum(first, second).clamp_(min=torch.finfo(first.dtype).tiny)
    return torch.minimum(first, second).div_(larger)


def _rise(value: Tensor, steepness: float, middle: float) -> Tensor:
    """Replace `value` in place by the denominator of a logistic function that rises from 0 to 1 around `middle`."""
    return value.mul_(-steepness).add_(steepness * middle).exp_().add_(1)
