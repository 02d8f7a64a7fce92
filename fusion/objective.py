"""One training objective: the standard pass, its intervened passes, and the loss they add up to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from fusion.errors import unknown_name
from fusion.interventions import Masks
from fusion.losses import LossWeights, fusion_loss, gate_map, invariance_loss, necessity_loss
from fusion.networks.isfuse import Features, Fusion, ISFuse

BatchNormPasses = Literal["standard", "all"]

ABLATIONS: dict[str, frozenset[str]] = {
    "full": frozenset(),
    "no_integrator": frozenset({"integrator"}),
    "no_invariance": frozenset({"invariance"}),
    "no_necessity": frozenset({"necessity"}),
    "no_invariance_no_necessity": frozenset({"invariance", "necessity"}),
    "no_interventions": frozenset({"interventions"}),
}


@dataclass(frozen=True)
class Objective:
    """What is minimised.

    Args:
        weights: of the terms.
        ablation: which part is left out, a name of `ABLATIONS`. "no_invariance_no_necessity" still runs the intervened
            passes (with `batchnorm="all"` they feed the running statistics); "no_interventions" has the standard pass
            alone.
        batchnorm: which passes feed the running statistics of BatchNorm: the "standard" one, or "all" as in the
            released code, where shared features are counted once.

    Raises:
        InputError: unknown ablation.
    """

    weights: LossWeights = field(default_factory=LossWeights)
    ablation: str = "full"
    batchnorm: BatchNormPasses = "standard"

    def __post_init__(self) -> None:
        if self.ablation not in ABLATIONS:
            raise unknown_name("ablation", self.ablation, ABLATIONS)

    def leaves_out(self, part: str) -> bool:
        """Tell whether the ablation removes `part`."""
        return part in ABLATIONS[self.ablation]

    def terms(
        self, network: ISFuse, infrared: Tensor, visible: Tensor, complementary: Masks, random: Masks
    ) -> dict[str, Tensor]:
        """Run the passes on one batch.

        Args:
            network: in train mode for training, in eval mode for validation.
            infrared: (B, 1, H, W) in [0, 1].
            visible: luma, likewise.
            complementary: masks that hide different places in the two modalities.
            random: masks that hide equal places.

        Returns:
            Scalars: "total" to minimise; "fusion", "invariance", "necessity" unweighted; "gate", the mean opening
            of the standard pass.
        """
        features = network.encode_infrared(infrared), network.encode_visible(visible)
        standard = _in_float32(network.integrate(*features))
        terms = {
            "fusion": fusion_loss(standard.fused, infrared, visible, self.weights.edges),
            "invariance": standard.fused.new_zeros(()),
            "necessity": standard.fused.new_zeros(()),
            "gate": gate_map(standard.gates, infrared.shape[2:]).mean().detach(),
        }
        if not self.leaves_out("interventions"):
            with _running_statistics(network, updated=self.batchnorm == "all"):
                terms["invariance"] = self._invariance(network, standard, infrared, visible, (complementary, random))
                terms["necessity"] = self._necessity(network, standard, *features, infrared)
        alpha = 0.0 if self.leaves_out("invariance") else self.weights.invariance
        beta = 0.0 if self.leaves_out("necessity") else self.weights.necessity * self.weights.necessity_sign
        terms["total"] = terms["fusion"] + alpha * terms["invariance"] + beta * terms["necessity"]
        return terms

    def _invariance(
        self, network: ISFuse, standard: Fusion, infrared: Tensor, visible: Tensor, masks: tuple[Masks, Masks]
    ) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.leaves_out("invariance")):
            losses = []
            for mask in masks:
                intervened = _in_float32(network(infrared * mask.infrared, visible * mask.visible))
                losses.append(
                    invariance_loss(
                        standard.fused,
                        intervened.fused,
                        gate_map(intervened.gates, infrared.shape[2:]),
                        self.weights.gate_target,
                        self.weights.entropy_sign,
                    )
                )
            return torch.stack(losses).mean()

    def _necessity(
        self, network: ISFuse, standard: Fusion, of_infrared: Features, of_visible: Features, infrared: Tensor
    ) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.leaves_out("necessity")):
            missing_infrared, missing_visible = _missing_features(network, infrared)
            without_visible = _in_float32(network.integrate(of_infrared, missing_visible))
            without_infrared = _in_float32(network.integrate(missing_infrared, of_visible))
            return necessity_loss(standard.fused, without_visible.fused, without_infrared.fused)


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


def _in_float32(fusion: Fusion) -> Fusion:
    """Leave reduced precision behind before losses are computed."""
    return Fusion(fusion.fused.float(), fusion.gates)


@contextmanager
def _running_statistics(network: nn.Module, updated: bool) -> Iterator[None]:
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
