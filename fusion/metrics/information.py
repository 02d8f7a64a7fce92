"""Metrics of information: how many bits an image holds, and how many of the sources' it shares."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fusion.metrics.triplet import Triplet


def entropy(images: Triplet) -> Tensor:
    """Tell how many bits the grey levels of the fused image carry a pixel (EN); (B,), 0..8."""
    return _bits(_levels_of_fused(images))


def mutual_information(images: Triplet) -> Tensor:
    """Tell how many bits of each source the fused image shares, summed (MI); exact 256-bin joint histogram.

    Source: Qu, Zhang and Yan, Electronics Letters 38 (2002).
    """
    return _shared_bits(images.joint_counts).sum(0)


def mutual_information_nats(images: Triplet) -> Tensor:
    """Give `mutual_information` in nats, as CDDFuse and VIFB print it (VIFB's stretch merges no levels)."""
    return mutual_information(images) * math.log(2)


def mutual_information_merged(images: Triplet) -> Tensor:
    """Give the standard code's MI: its joint histogram, not its single ones, merges levels 254 and 255."""
    joint = images.joint_counts
    merged = joint.clone()
    merged[..., 254, :] += merged[..., 255, :]
    merged[..., 255, :] = 0
    merged[..., :, 254] += merged[..., :, 255]
    merged[..., :, 255] = 0
    return (_bits(joint.sum(-1)) + _bits(joint.sum(-2)) - _bits(merged.flatten(-2))).sum(0)


def normalised_mutual_information(images: Triplet) -> Tensor:
    """Give mutual information over mean entropy, summed over the sources (NMI); NaN where both are constant.

    Source: Hossny, Nahavandi and Creighton, Electronics Letters 44 (2008).
    """
    joint = images.joint_counts
    return (2 * _shared_bits(joint) / (_bits(joint.sum(-1)) + _bits(joint.sum(-2)))).sum(0)


def cross_entropy(images: Triplet) -> Tensor:
    """Tell how unlike the grey levels of the sources and of the fused image are (VIFB's CE), in bits, mean of both.

    Levels that one of the two images lacks are left out.
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
    """Give the entropy of histograms along the last axis."""
    nats: Tensor = torch.special.entr(counts / counts.sum(-1, keepdim=True)).sum(-1)
    return nats / math.log(2)
