"""One training objective: the standard pass, its intervened passes, and the loss they add up to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.distillation import distillation_loss
from fusion.errors import unknown_name
from fusion.interventions import Masks
from fusion.losses import LossWeights, fusion_term, gate_map, invariance_loss, necessity_loss
from fusion.networks.isfuse import Features, Fusion, ISFuse
from fusion.passes import divided_masks, first_half, missing_features, running_statistics

BatchNormPasses = Literal["standard", "all", "fixed"]

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
            released code, where shared features are counted once. "fixed": none, and all normalise by the statistics
            as they stand, for a training that goes on from trained weights.
        divided: give half of a batch complementary and half of it random masks, and drop one modality of each sample
            instead of each in turn: two intervened passes instead of four, whose expected loss is the same.

    Raises:
        InputError: unknown ablation or passes.
    """

    weights: LossWeights = field(default_factory=LossWeights)
    ablation: str = "full"
    batchnorm: BatchNormPasses = "standard"
    divided: bool = True

    def __post_init__(self) -> None:
        if self.ablation not in ABLATIONS:
            raise unknown_name("ablation", self.ablation, ABLATIONS)
        if self.batchnorm not in get_args(BatchNormPasses):
            raise unknown_name("batchnorm", self.batchnorm, get_args(BatchNormPasses))

    def leaves_out(self, part: str) -> bool:
        """Tell whether the ablation removes `part`."""
        return part in ABLATIONS[self.ablation]

    def terms(
        self,
        network: ISFuse,
        infrared: Tensor,
        visible: Tensor,
        *masks: Masks,
        taught: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Run the passes on one batch.

        Args:
            network: in train mode for training, in eval mode for validation.
            infrared: (B, 1, H, W) in [0, 1].
            visible: luma, likewise.
            masks: complementary ones, which hide different places in the two modalities, and random ones, which hide
                equal places; without any, the standard pass runs alone.
            taught: what a teacher makes of the batch, (B, 1, H, W); then the fusion term is the distance to that.

        Returns:
            Scalars: "total" to minimise; "fusion", "invariance", "necessity" unweighted; "gate", the mean opening
            of the standard pass.
        """
        features = network.encode_infrared(infrared), network.encode_visible(visible)
        standard = _in_float32(network.integrate(*features))
        terms = {
            "fusion": fusion_term(standard.fused, infrared, visible, self.weights)
            if taught is None
            else distillation_loss(standard.fused, taught),
            "invariance": standard.fused.new_zeros(()),
            "necessity": standard.fused.new_zeros(()),
            "gate": gate_map([gate.detach() for gate in standard.gates], infrared.shape[2:]).mean(),
        }
        if masks and not self.leaves_out("interventions"):
            masks = (divided_masks(*masks),) if self.divided else masks
            with running_statistics(network, updated=self.batchnorm == "all"):
                terms["invariance"] = self._invariance(network, standard, infrared, visible, masks)
                terms["necessity"] = self._necessity(network, standard, *features, infrared)
        alpha = 0.0 if self.leaves_out("invariance") else self.weights.invariance
        beta = 0.0 if self.leaves_out("necessity") else self.weights.necessity * self.weights.necessity_sign
        terms["total"] = terms["fusion"] + alpha * terms["invariance"] + beta * terms["necessity"]
        return terms

    def _invariance(
        self, network: ISFuse, standard: Fusion, infrared: Tensor, visible: Tensor, masks: tuple[Masks, ...]
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
            missing_infrared, missing_visible = missing_features(network, infrared)
            if self.divided:
                first = first_half(infrared)
                seen = [torch.where(first, *maps) for maps in zip(of_infrared, missing_infrared, strict=True)]
                other = [torch.where(first, *maps) for maps in zip(missing_visible, of_visible, strict=True)]
                one_missing = _in_float32(network.integrate(seen, other))
                return 2 * F.l1_loss(one_missing.fused, standard.fused)
            without_visible = _in_float32(network.integrate(of_infrared, missing_visible))
            without_infrared = _in_float32(network.integrate(missing_infrared, of_visible))
            return necessity_loss(standard.fused, without_visible.fused, without_infrared.fused)


def _in_float32(fusion: Fusion) -> Fusion:
    """Leave reduced precision behind before losses are computed."""
    return Fusion(fusion.fused.float(), fusion.gates)
