"""The intervened passes of a training step: the network sees a pair with parts, or one camera, hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from fusion.interventions import INTERVENTIONS, Masks, assign_interventions
from fusion.training import losses
from fusion.training.settings import LossWeights

if TYPE_CHECKING:
    from torch import Tensor

    from fusion.networks import Features, Fusion, ISFuse


class Intervened(NamedTuple):
    """What the intervened passes give: the invariance and the necessity term, scalars, and one pass to be judged.

    Attributes:
        invariance: as `Objective.terms`.
        necessity: likewise.
        fusion: of the pass that applies one intervention to each sample; None after four passes.
        masks: of that pass, (B, 1, H, W).
    """

    invariance: Tensor
    necessity: Tensor
    fusion: Fusion | None = None
    masks: Masks | None = None


def one_pass(
    network: ISFuse,
    fused: Tensor,
    images: tuple[Tensor, Tensor],
    masks: Sequence[Masks],
    sample_indices: Sequence[int],
    weights: LossWeights,
) -> Intervened:
    """Apply one of the four interventions to each sample, in rotation; the expected terms are those of `four_passes`.

    Args:
        network: runs once.
        fused: (B, 1, H, W) output of the standard pass.
        images: infrared and visible luma, each (B, 1, H, W) in [0, 1].
        masks: complementary and random ones, each (B, 1, H, W).
        sample_indices: B running numbers of the samples; the remainder modulo 4 selects the intervention.
        weights: of the parts of the invariance term.

    Returns:
        The terms, the pass and its masks.
    """
    from torch.nn import functional as F

    assigned = assign_interventions(masks[0], masks[1], sample_indices)
    fusion, gate = _masked_pass(network, images, assigned)
    intervened = fusion.fused
    kinds = len(INTERVENTIONS)
    masked = [sample for sample, index in enumerate(sample_indices) if index % kinds < len(masks)]
    missing = [sample for sample, index in enumerate(sample_indices) if index % kinds >= len(masks)]
    invariance = necessity = fused.new_zeros(())
    if masked:  # the full term is a mean over the masks
        loss = losses.invariance_loss(
            fused[masked], intervened[masked], gate[masked], weights.gate_target, weights.entropy_sign
        )
        invariance = len(masked) * kinds / len(masks) / len(sample_indices) * loss
    if missing:  # the full term is a sum over the modalities
        necessity = len(missing) * kinds / len(sample_indices) * F.l1_loss(intervened[missing], fused[missing])
    return Intervened(invariance, necessity, fusion, assigned)


def four_passes(
    network: ISFuse,
    fused: Tensor,
    images: tuple[Tensor, Tensor],
    features: tuple[Features, Features],
    masks: Sequence[Masks],
    weights: LossWeights,
) -> Intervened:
    """Apply all four interventions to each sample.

    Args:
        network: runs once per intervention.
        fused: (B, 1, H, W) output of the standard pass.
        images: infrared and visible luma, each (B, 1, H, W) in [0, 1].
        features: of the infrared and the visible images, from `ISFuse.encode_infrared` and `ISFuse.encode_visible`.
        masks: complementary and random ones, each (B, 1, H, W).
        weights: of the parts of the invariance term.

    Returns:
        The terms.
    """
    import torch

    invariance = []
    for mask in masks:
        fusion, gate = _masked_pass(network, images, mask)
        invariance.append(losses.invariance_loss(fused, fusion.fused, gate, weights.gate_target, weights.entropy_sign))
    missing_infrared, missing_visible = _missing_features(network, images[0])
    without_visible = in_float32(network.integrate(features[0], missing_visible))
    without_infrared = in_float32(network.integrate(missing_infrared, features[1]))
    necessity = losses.necessity_loss(fused, without_visible.fused, without_infrared.fused)
    return Intervened(torch.stack(invariance).mean(), necessity)


def in_float32(fusion: Fusion) -> Fusion:
    """Convert what losses are computed of to float32; they are not computed in reduced precision."""
    return fusion._replace(fused=fusion.fused.float(), chroma=None if fusion.chroma is None else fusion.chroma.float())


def _masked_pass(network: ISFuse, images: tuple[Tensor, Tensor], masks: Masks) -> tuple[Fusion, Tensor]:
    """Fuse the masked images; return the result and the maps of its gates, (B, 1, H, W)."""
    fusion = in_float32(network(images[0] * masks.infrared, images[1] * masks.visible))
    return fusion, losses.gate_map(fusion.gates, fusion.fused.shape[2:])


def _missing_features(network: ISFuse, like: Tensor) -> tuple[Features, Features]:
    """Encode an all-zero infrared and an all-zero visible image of the shape of `like`, (B, 1, H, W).

    All samples are equal, so one sample is encoded for the whole batch: the batch statistics of BatchNorm are the same.
    A shared encoder has the same output for both modalities and runs once.
    """
    import torch

    zeros = torch.zeros_like(like[:1])
    missing_infrared = network.encode_infrared(zeros)
    missing_visible = missing_infrared if network.encoder_visible is None else network.encode_visible(zeros)
    return _repeat(missing_infrared, len(like)), _repeat(missing_visible, len(like))


def _repeat(features: Features, batch: int) -> Features:
    return [feature.expand(batch, -1, -1, -1) for feature in features]
