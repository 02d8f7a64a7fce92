"""One training objective: the standard pass, its intervened passes, and the loss they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from torch import Tensor

from fusion.errors import unknown_name
from fusion.interventions import Masks
from fusion.networks import ISFuse
from fusion.training.losses.terms import LossWeights, fusion_term, gate_map
from fusion.training.passes import four_passes, in_float32, one_pass, running_statistics

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
        divided: give each sample one intervention instead of all four: one intervened pass, whose expected loss is
            the same but for the batch statistics.

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
        turns: Sequence[int] | None = None,
        taught: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Run the passes on one batch.

        Args:
            network: in train mode for training, in eval mode for validation.
            infrared: (B, 1, H, W) in [0, 1].
            visible: luma, likewise.
            masks: complementary ones, which hide different places in the two modalities, and random ones, which hide
                equal places; without any, the standard pass runs alone.
            turns: running numbers of the samples, which decide their intervention if `divided`; None counts from 0.
            taught: what a teacher makes of the batch, (B, 1, H, W); then the fusion term is the distance to that.

        Returns:
            Scalars: "total" to minimise; "fusion", "invariance", "necessity" unweighted; "gate", the mean opening
            of the standard pass.
        """
        features = network.encode_infrared(infrared), network.encode_visible(visible)
        standard = in_float32(network.integrate(*features))
        terms = {
            "fusion": fusion_term(standard.fused, infrared, visible, self.weights, taught),
            "invariance": standard.fused.new_zeros(()),
            "necessity": standard.fused.new_zeros(()),
            "gate": gate_map([gate.detach() for gate in standard.gates], infrared.shape[2:]).mean(),
        }
        if masks and not self.leaves_out("interventions"):
            learns = not (self.leaves_out("invariance") and self.leaves_out("necessity"))
            common = network, standard.fused, (infrared, visible)
            with (
                running_statistics(network, updated=self.batchnorm == "all"),
                torch.set_grad_enabled(torch.is_grad_enabled() and learns),
            ):
                both = (
                    one_pass(*common, masks, turns or range(len(infrared)), self.weights)
                    if self.divided
                    else four_passes(*common, features, masks, self.weights)
                )
            for name, term in zip(("invariance", "necessity"), both, strict=True):
                terms[name] = term.detach() if self.leaves_out(name) else term
        alpha = 0.0 if self.leaves_out("invariance") else self.weights.invariance
        beta = 0.0 if self.leaves_out("necessity") else self.weights.necessity * self.weights.necessity_sign
        terms["total"] = terms["fusion"] + alpha * terms["invariance"] + beta * terms["necessity"]
        return terms
