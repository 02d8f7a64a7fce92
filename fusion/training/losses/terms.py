"""The three terms of the training loss: fuse well, stay the same under interventions, need both modalities.

Source: ISFuse, arXiv 2603.23272. Verified against: values of the released code, oracle/isfuse/loss_expected.json, 1e-6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.errors import InputError, unknown_name
from fusion.training.losses.detail import detail_loss
from fusion.training.losses.distillation import distillation_loss
from fusion.training.losses.information import information_loss

Form = Literal["detail", "paper"]


@dataclass(frozen=True)
class LossWeights:
    """How the terms are weighed: total = fusion + invariance * L_inv + necessity_sign * necessity * L_nec.

    The sources contradict each other on two signs. The defaults are those of the released code.

    Args:
        form: of the fusion term, "detail" (`detail_loss`) or "paper" (`fusion_loss`).
        information: weight of the information in the sources that cannot be seen, added to the fusion term of any form
            or of a student; 0 leaves `information_loss` out.
        edges: weight of the gradient part inside the paper's fusion term (lambda_1).
        invariance: alpha; 0 leaves the term out.
        necessity: beta; 0 leaves the term out.
        gate_target: eta, the mean opening a gate is pulled to.
        entropy_sign: +1 pushes gates towards 0 or 1 (the paper's text), -1 away from them (the released code).
        necessity_sign: +1 makes single-modality outputs alike the fused one (formula and released code), -1 makes
            them differ (the paper's text).
    """

    form: Form = "detail"
    information: float = 0.0
    edges: float = 1.0
    invariance: float = 0.1
    necessity: float = 0.05
    gate_target: float = 0.3
    entropy_sign: float = -1.0
    necessity_sign: float = 1.0

    def __post_init__(self) -> None:
        if self.form not in get_args(Form):
            raise unknown_name("form of the fusion term", self.form, get_args(Form))
        if self.information < 0:
            raise InputError(f"loss information={self.information}; expected 0 or more")


def fusion_term(
    fused: Tensor, infrared: Tensor, visible: Tensor, weights: LossWeights, taught: Tensor | None = None
) -> Tensor:
    """Measure how well the images are fused: by what a teacher makes of them, or else in the form the weights name."""
    if taught is not None:
        term = distillation_loss(fused, taught)
    elif weights.form == "detail":
        term = detail_loss(fused, infrared, visible)
    else:
        term = fusion_loss(fused, infrared, visible, weights.edges)
    return term + weights.information * information_loss(fused, infrared, visible) if weights.information else term


def fusion_loss(fused: Tensor, infrared: Tensor, visible: Tensor, edges: float = 1.0) -> Tensor:
    """Measure how far the fused image is from both sources, and its edges from the stronger source edge (L_f).

    Args:
        fused: (B, 1, H, W) in [0, 1]. The sources likewise.
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
    """Measure how much one intervention changes the output where the gate is open, and keep the gate in use (L_inv).

    Args:
        fused: (B, 1, H, W), output of the standard pass.
        intervened: (B, 1, H, W), output under the intervention.
        gate: (B, 1, H, W) in [0, 1], see `gate_map`, of the intervened pass.
        gate_target: mean opening each sample's gate is pulled to.
        entropy_sign: sign of the binary entropy (nats).

    Returns:
        A scalar; the full term is the mean over the complementary and the random intervention.
    """
    change = ((intervened - fused).abs() * gate).mean()
    opening = (gate.mean(dim=(1, 2, 3)) - gate_target).abs().mean()
    return change + opening + entropy_sign * _binary_entropy(gate).mean()


def necessity_loss(fused: Tensor, without_visible: Tensor, without_infrared: Tensor) -> Tensor:
    """Measure how much the output changes when one modality is missing (L_nec), all (B, 1, H, W), as a scalar."""
    return F.l1_loss(without_visible, fused) + F.l1_loss(without_infrared, fused)


def gate_map(gates: Sequence[Tensor], size: Sequence[int]) -> Tensor:
    """Average gates of several scales and channels into one map, (B, 1, H, W) with (H, W) = `size`."""
    upsampled = [
        F.interpolate(_channel_mean(gate), tuple(size), mode="bilinear", align_corners=False) for gate in gates
    ]
    return torch.stack(upsampled).mean(dim=0)


def _channel_mean(gate: Tensor) -> Tensor:
    """Average (B, C, H, W) to (B, 1, H, W) float32, with the channels last: so the gradient is laid out as the gate."""
    pixels = gate.flatten(2).transpose(1, 2)  # (B, HW, C)
    return pixels.mean(dim=2, dtype=torch.float32).view(len(gate), 1, *gate.shape[2:])


def _laplacian(image: Tensor) -> Tensor:
    """Apply the 8-neighbour Laplacian, centre -8, zero padding."""
    neighbours_and_self = F.avg_pool2d(image, 3, stride=1, padding=1, divisor_override=1)
    return neighbours_and_self - 9 * image


def _binary_entropy(probability: Tensor) -> Tensor:
    p = probability.clamp(1e-6, 1 - 1e-6)
    return -(p * p.log() + (1 - p) * (1 - p).log())
