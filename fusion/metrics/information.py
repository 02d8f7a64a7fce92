"""Metrics of information: entropy of the fused image, and mutual information with the sources."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fusion.metrics.triplet import Triplet


def entropy(images: Triplet) -> Tensor:
    """Compute the entropy of the fused grey levels (EN); (B,) in bits per pixel, 0..8."""
    return _bits(_levels_of_fused(images))


def mutual_information(images: Triplet) -> Tensor:
    """Compute the mutual information with each source from the 256-bin joint histogram, summed (MI); (B,) in bits.

    Source: Qu, Zhang and Yan, Electronics Letters 38 (2002).
    """
    return _shared_bits(images.joint_counts).sum(0)


def mutual_information_nats(images: Triplet) -> Tensor:
    """Compute `mutual_information` in nats, as CDDFuse and VIFB print it (VIFB's stretch merges no levels); (B,)."""
    return mutual_information(images) * math.log(2)


def mutual_information_merged(images: Triplet) -> Tensor:
    """Compute the standard code's MI, which merges levels 254 and 255 in the joint histogram only; (B,) in bits."""
    joint = images.joint_counts
    merged = joint.clone()
    merged[..., 254, :] += merged[..., 255, :]
    merged[..., 255, :] = 0
    merged[..., :, 254] += merged[..., :, 255]
    merged[..., :, 255] = 0
    return (_bits(joint.sum(-1)) + _bits(joint.sum(-2)) - _bits(merged.flatten(-2))).sum(0)


def normalised_mutual_information(images: Triplet) -> Tensor:
    """Compute mutual information over mean entropy, summed over the sources (NMI).

    Returns:
        (B,) float64 in [0, 2]; NaN if a source and the fused image are both constant.

    Source: Hossny, Nahavandi and Creighton, Electronics Letters 44 (2008).
    """
    joint = images.joint_counts
    return (2 * _shared_bits(joint) / (_bits(joint.sum(-1)) + _bits(joint.sum(-2)))).sum(0)


def cross_entropy(images: Triplet) -> Tensor:
    """Compute the cross entropy of the grey levels of source and fused image, mean of both (CE of VIFB).

    Levels that occur in only one of the two images are ignored.

    Returns:
        (B,) float64 in bits, lower is better.
    """
    source = images.joint_counts.sum(-1)
    fused = _levels_of_fused(images).expand_as(source)
    ratio = torch.where((source > 0) & (fused > 0), source / fused, 1.0)
    return (source * ratio.log2()).sum(-1).mean(0) / (images.height * images.width)


def _levels_of_fused(images: Triplet) -> Tensor:
    counts: Tensor = images.joint_counts[0].sum(-2)
    return counts


def _shared_bits(joint: Tensor) -> Tensor:
    return _bits(joint.sum(-1)) + _bits(joint.sum(-2)) - _bits(joint.flatten(-2))


def _bits(counts: Tensor) -> Tensor:
    """Compute the entropy of histograms along the last axis, in bits."""
    nats: Tensor = torch.special.entr(counts / counts.sum(-1, keepdim=True)).sum(-1)
    return nats / math.log(2)
