"""Metrics that follow edges from the sources into the fused image: what is preserved, and what is made up."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fusion.metrics.triplet import Triplet
from fusion.metrics.windows import sobel


def edge_preservation(images: Triplet) -> Tensor:
    """Tell how much edge strength and direction of both sources survives (Qabf); (B,) in [0, 1].

    As the standard code: where source and fused edge are equally strong, the strength stands for their ratio, a slip of
    up to 2e-4. NaN where both sources are black; any other constant has an edge at the border, padded with zeros.

    Source: Xydeas and Petrovic, Electronics Letters 36 (2000).
    """
    return _preserved(images, strength_factor=1.0)


def edge_preservation_vifb(images: Triplet) -> Tensor:
    """Give VIFB's Qabf: it multiplies 0..255 by 255 again, which only equally strong edges notice."""
    return _preserved(images, strength_factor=255.0)


def edge_preservation_clean(images: Triplet) -> Tensor:
    """Give Qabf with ratio 1 where the edges are equally strong."""
    return _preserved(images, strength_factor=None)


def fusion_artifacts(images: Triplet) -> Tensor:
    """Tell how much of the edges' weight lies where the fused image has stronger edges than both sources (Nabf).

    (B,) in [0, 1], lower is better.

    Source: Shreyamsha Kumar, Signal, Image and Video Processing 7 (2013).
    """
    return _artifacts(images.planes)


def fusion_artifacts_as_called(images: Triplet) -> Tensor:
    """Give what the standard code prints as Nabf since 2023: the infrared image stands where the fused one belongs."""
    return _artifacts(images.planes[[1, 2, 0]])


def _preserved(images: Triplet, strength_factor: float | None) -> Tensor:
    kept = torch.zeros(2, images.batch, dtype=torch.float64, device=images.planes.device)
    there = torch.zeros_like(kept)
    for down, along, strength in sobel(images.planes, "constant"):
        # up is positive in the authors' code, so -pi/2 where the edge runs along a row
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
    """Compute Nabf of (3, B, H, W): two sources, then the fused image."""
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
    """Give the smaller over the larger strength, 0 where both are 0."""
    larger = torch.maximum(first, second).clamp_(min=torch.finfo(first.dtype).tiny)
    return torch.minimum(first, second).div_(larger)


def _rise(value: Tensor, steepness: float, middle: float) -> Tensor:
    """Turn `value`, in place, into the denominator of a logistic rise from 0 to 1 around `middle`."""
    return value.mul_(-steepness).add_(steepness * middle).exp_().add_(1)
