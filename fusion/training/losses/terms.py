"""The three terms of the training loss: fusion quality, invariance under interventions, necessity of both modalities.

Source: ISFuse, arXiv 2603.23272. Verified against: values of the released code, oracle/isfuse/loss_expected.json, 1e-6.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.training.losses.detail import detail_loss
from fusion.training.losses.distillation import distillation_loss
from fusion.training.losses.information import information_loss
from fusion.training.settings import LossWeights


def fusion_term(
    fused: Tensor, infrared: Tensor, visible: Tensor, weights: LossWeights, teacher_output: Tensor | None = None
) -> Tensor:
    """Compute the fusion term: the distance to the teacher's output if there is one, otherwise `weights.form`.

    Args:
        fused: (B, 1, H, W) luma in [0, 1].
        infrared: likewise.
        visible: likewise.
        weights: form of the term, and weight of the information that is added to it.
        teacher_output: fused images of a teacher, (B, 1, H, W) in [0, 1].

    Returns:
        A scalar.

    Example:
        >>> image = torch.rand(2, 1, 32, 32)
        >>> fusion_term(image, image, image, LossWeights(form="paper"))
        tensor(0.)
    """
    if teacher_output is not None:
        term = distillation_loss(fused, teacher_output)
    elif weights.form == "detail":
        term = detail_loss(fused, infrared, visible)
    else:
        term = fusion_loss(fused, infrared, visible, weights.edges)
    return term + weights.information * information_loss(fused, infrared, visible) if weights.information else term


def fusion_loss(fused: Tensor, infrared: Tensor, visible: Tensor, edges: float = 1.0) -> Tensor:
    """Compute the L1 distance to both sources, plus that of the edges to the stronger source edge (L_f).

    Args:
        fused: (B, 1, H, W) luma in [0, 1].
        infrared: likewise.
        visible: likewise.
        edges: weight of the edge part.

    Returns:
        A scalar, the mean over all pixels.
    """
    stronger = torch.maximum(_laplacian(visible).abs(), _laplacian(infrared).abs())
    intensity = F.l1_loss(fused, visible) + F.l1_loss(fused, infrared)
    return intensity + edges * F.l1_loss(_laplacian(fused).abs(), stronger)


def invariance_loss(
    fused: Tensor, intervened: Tensor, gate: Tensor, gate_target: float = 0.3, entropy_sign: float = -1.0
) -> Tensor:
    """Penalise how one intervention changes the output where the gate is open, and keep the gate in use (L_inv).

    Args:
        fused: (B, 1, H, W) output of the standard pass.
        intervened: (B, 1, H, W) output of the intervened pass.
        gate: (B, 1, H, W) gate of the intervened pass in [0, 1], from `gate_map`.
        gate_target: mean opening towards which the gate of each sample is pulled.
        entropy_sign: sign of the binary entropy of the gate (nats).

    Returns:
        A scalar; the full term is the mean over the complementary and the random intervention.
    """
    change = ((intervened - fused).abs() * gate).mean()
    opening = (gate.mean(dim=(1, 2, 3)) - gate_target).abs().mean()
    return change + opening + entropy_sign * _binary_entropy(gate).mean()


def necessity_loss(fused: Tensor, without_visible: Tensor, without_infrared: Tensor) -> Tensor:
    """Compute the L1 change of the output when one modality is missing, summed over both (L_nec).

    Args:
        fused: (B, 1, H, W) output of the standard pass.
        without_visible: output with an all-zero visible image, likewise.
        without_infrared: output with an all-zero infrared image, likewise.

    Returns:
        A scalar.
    """
    return F.l1_loss(without_visible, fused) + F.l1_loss(without_infrared, fused)


def gate_map(gates: Sequence[Tensor], size: Sequence[int]) -> Tensor:
    """Average the gates of several scales and channels into one map.

    Args:
        gates: (B, C, h, w) in [0, 1], of any number of channels and size each.
        size: (H, W) to which they are upsampled bilinearly.

    Returns:
        (B, 1, H, W) in [0, 1].
    """
    upsampled = [
        F.interpolate(_channel_mean(gate), tuple(size), mode="bilinear", align_corners=False) for gate in gates
    ]
    return torch.stack(upsampled).mean(dim=0)


def _channel_mean(gate: Tensor) -> Tensor:
    """Average (B, C, H, W) to (B, 1, H, W) float32, with channels as the last axis: the gradient is channels_last."""
    pixels = gate.flatten(2).transpose(1, 2)  # (B, HW, C)
    return pixels.mean(dim=2, dtype=torch.float32).view(len(gate), 1, *gate.shape[2:])


def _laplacian(image: Tensor) -> Tensor:
    """Apply the 8-neighbour Laplacian (centre -8) with zero padding."""
    neighbours_and_self = F.avg_pool2d(image, 3, stride=1, padding=1, divisor_override=1)
    return neighbours_and_self - 9 * image


def _binary_entropy(probability: Tensor) -> Tensor:
    p = probability.clamp(1e-6, 1 - 1e-6)
    return -(p * p.log() + (1 - p) * (1 - p).log())
