"""The intervened passes of a training step: one that all interventions share, or one for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fusion.interventions import INTERVENTIONS, Masks, one_each
from fusion.networks import Features, Fusion, ISFuse
from fusion.training.losses.terms import LossWeights, gate_map, invariance_loss, necessity_loss


def one_pass(
    network: ISFuse,
    fused: Tensor,
    images: tuple[Tensor, Tensor],
    masks: Sequence[Masks],
    turns: Sequence[int],
    weights: LossWeights,
) -> tuple[Tensor, Tensor]:
    """Give every sample one of the four interventions, in turn; the terms have the expectation of `four_passes`.

    Args:
        network: runs once.
        fused: (B, 1, H, W), of the standard pass.
        images: infrared and visible.
        masks: complementary and random ones.
        turns: of the samples; the intervention is the remainder of four.
        weights: of the gate's parts.

    Returns:
        Invariance and necessity.
    """
    intervened, gate = _masked_pass(network, images, one_each(masks[0], masks[1], turns))
    kinds = len(INTERVENTIONS)
    masked = [sample for sample, turn in enumerate(turns) if turn % kinds < len(masks)]
    missing = [sample for sample, turn in enumerate(turns) if turn % kinds >= len(masks)]
    invariance = necessity = fused.new_zeros(())
    if masked:  # a mean over the masks
        loss = invariance_loss(
            fused[masked], intervened[masked], gate[masked], weights.gate_target, weights.entropy_sign
        )
        invariance = len(masked) * kinds / len(masks) / len(turns) * loss
    if missing:  # a sum over the modalities
        necessity = len(missing) * kinds / len(turns) * F.l1_loss(intervened[missing], fused[missing])
    return invariance, necessity


def four_passes(
    network: ISFuse,
    fused: Tensor,
    images: tuple[Tensor, Tensor],
    features: tuple[Features, Features],
    masks: Sequence[Masks],
    weights: LossWeights,
) -> tuple[Tensor, Tensor]:
    """Give every sample all four interventions; the arguments and terms are those of `one_pass`.

    Args:
        features: of the infrared and the visible images.
    """
    invariance = []
    for mask in masks:
        intervened, gate = _masked_pass(network, images, mask)
        invariance.append(invariance_loss(fused, intervened, gate, weights.gate_target, weights.entropy_sign))
    missing_infrared, missing_visible = _missing_features(network, images[0])
    without_visible = in_float32(network.integrate(features[0], missing_visible))
    without_infrared = in_float32(network.integrate(missing_infrared, features[1]))
    necessity = necessity_loss(fused, without_visible.fused, without_infrared.fused)
    return torch.stack(invariance).mean(), necessity


def in_float32(fusion: Fusion) -> Fusion:
    """Leave reduced precision behind before losses are computed."""
    return Fusion(fusion.fused.float(), fusion.gates)


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


def _masked_pass(network: ISFuse, images: tuple[Tensor, Tensor], masks: Masks) -> tuple[Tensor, Tensor]:
    """Fuse what the masks leave of both images; also give the map of the gates."""
    fusion = in_float32(network(images[0] * masks.infrared, images[1] * masks.visible))
    return fusion.fused, gate_map(fusion.gates, fusion.fused.shape[2:])


def _missing_features(network: ISFuse, like: Tensor) -> tuple[Features, Features]:
    """Encode a zeroed infrared and a zeroed visible image.

    All samples are alike, so one stands for the batch: BatchNorm's batch statistics are the same. A shared encoder
    sees the same zeros for both modalities and runs once.
    """
    zeros = torch.zeros_like(like[:1])
    missing_infrared = network.encode_infrared(zeros)
    missing_visible = missing_infrared if network.encoder_visible is None else network.encode_visible(zeros)
    return _repeat(missing_infrared, len(like)), _repeat(missing_visible, len(like))


def _repeat(features: Features, batch: int) -> Features:
    return [feature.expand(batch, -1, -1, -1) for feature in features]
