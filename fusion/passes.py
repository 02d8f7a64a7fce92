"""What the intervened passes of a training step need: masks and missing modalities, and BatchNorm left alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from fusion.interventions import Masks
from fusion.networks.isfuse import Features, ISFuse


def first_half(like: Tensor) -> Tensor:
    """Tell which samples of a batch are in its first half, rounded up, as (B, 1, 1, 1) booleans."""
    return (torch.arange(len(like), device=like.device) < (len(like) + 1) // 2).view(-1, 1, 1, 1)


def divided_masks(first: Masks, second: Masks) -> Masks:
    """Give the first half of the samples the masks of `first`, the others those of `second`."""
    is_first = first_half(first.infrared)
    return Masks(*(torch.where(is_first, *masks) for masks in zip(first, second, strict=True)))


def missing_features(network: ISFuse, like: Tensor) -> tuple[Features, Features]:
    """Encode a zeroed infrared and a zeroed visible image.

    All samples are alike, so one stands for the batch: BatchNorm's batch statistics are the same. A shared encoder
    sees the same zeros for both modalities and runs once.
    """
    zeros = torch.zeros_like(like[:1])
    missing_infrared = network.encode_infrared(zeros)
    missing_visible = missing_infrared if network.encoder_visible is None else network.encode_visible(zeros)
    return _repeat(missing_infrared, len(like)), _repeat(missing_visible, len(like))


@contextmanager
def running_statistics(network: nn.Module, updated: bool) -> Iterator[None]:
    """Let BatchNorm normalise by the batch, but keep its running statistics as they are unless `updated`."""
    layers = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [layer.momentum for layer in layers]
    try:
        if not updated:
            for layer in layers:
                layer.momentum = 0.0
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum


def _repeat(features: Features, batch: int) -> Features:
    return [feature.expand(batch, -1, -1, -1) for feature in features]
