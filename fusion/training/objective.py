"""The training objective: the standard pass, the intervened passes, the judgement of a critic, and their total loss.

Importing this module does not import torch, so that an objective can be checked while a run is planned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from fusion.errors import unknown_name
from fusion.interventions import Masks
from fusion.training import losses
from fusion.training.passes import four_passes, in_float32, one_pass
from fusion.training.settings import LossWeights

if TYPE_CHECKING:
    from torch import Tensor, nn

    from fusion.networks import Fusion, ISFuse
    from fusion.training.batches import Batch
    from fusion.training.critic import Critic
    from fusion.training.settings import Precision

    Judge = Callable[[Fusion, Masks | None], Tensor]

BatchNormPasses = Literal["standard", "all", "fixed"]

ABLATIONS: dict[str, frozenset[str]] = {  # what each ablation removes
    "full": frozenset(),
    "no_integrator": frozenset({"integrator"}),
    "no_invariance": frozenset({"invariance"}),
    "no_necessity": frozenset({"necessity"}),
    "no_invariance_no_necessity": frozenset({"invariance", "necessity"}),
    "no_interventions": frozenset({"interventions"}),
}


@dataclass(frozen=True)
class Objective:
    """What a training minimises.

    Args:
        weights: of the loss terms.
        ablation: which part is removed, a key of `ABLATIONS`. "no_invariance_no_necessity" still runs the intervened
            passes (with `batchnorm="all"` they update the running statistics); "no_interventions" runs the standard
            pass only.
        batchnorm: which passes update the running statistics of BatchNorm: the "standard" pass only, or "all" passes
            as in the released code, where a pass that reuses features does not count them again. "fixed" updates none
            and normalises by the running statistics, for a training that starts from trained weights.
        divided: apply one intervention to each sample instead of all four. This takes one intervened pass per step;
            except for the batch statistics, the expected loss is the same.

    Raises:
        InputError: unknown ablation or passes.

    Example:
        >>> Objective(ablation="no_necessity").leaves_out("necessity")
        True
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
        """Return whether the ablation removes `part`."""
        return part in ABLATIONS[self.ablation]

    def terms(
        self,
        network: ISFuse,
        infrared: Tensor,
        visible: Tensor,
        *masks: Masks,
        sample_indices: Sequence[int] | None = None,
        teacher_output: Tensor | None = None,
        judge: Judge | None = None,
    ) -> dict[str, Tensor]:
        """Run the passes on one batch and compute the loss terms.

        Args:
            network: in train mode for training, in eval mode for validation.
            infrared: (B, 1, H, W) luma in [0, 1].
            visible: likewise.
            masks: complementary ones, which hide different places in the two modalities, and random ones, which hide
                the same places; without masks, only the standard pass runs.
            sample_indices: running numbers of the samples, which select their intervention if `divided`; None counts
                from 0.
            teacher_output: fused images of a teacher for the batch, (B, 1, H, W) in [0, 1]; if given, the fusion term
                is the distance to them.
            judge: the loss of a critic that sees what the network returned for the images, or for the images behind
                masks; the mean over both counts, so `divided` must be set.

        Returns:
            Scalars: "total" to minimise; "fusion", "invariance" and "necessity" unweighted, and "task" if there is a
            judge; "gate", the mean opening in the standard pass.
        """
        import torch

        features = network.encode_infrared(infrared), network.encode_visible(visible)
        standard = in_float32(network.integrate(*features))
        terms = {
            "fusion": losses.fusion_term(standard.fused, infrared, visible, self.weights, teacher_output),
            "invariance": standard.fused.new_zeros(()),
            "necessity": standard.fused.new_zeros(()),
            "gate": losses.gate_map([gate.detach() for gate in standard.gates], infrared.shape[2:]).mean(),
        }
        judged = [judge(standard, None)] if judge else []
        if masks and not self.leaves_out("interventions"):
            learns = judge or not (self.leaves_out("invariance") and self.leaves_out("necessity"))
            common = network, standard.fused, (infrared, visible)
            with (
                running_statistics(network, updated=self.batchnorm == "all"),
                torch.set_grad_enabled(torch.is_grad_enabled() and bool(learns)),
            ):
                found = (
                    one_pass(*common, masks, sample_indices or range(len(infrared)), self.weights)
                    if self.divided
                    else four_passes(*common, features, masks, self.weights)
                )
            for name, term in (("invariance", found.invariance), ("necessity", found.necessity)):
                terms[name] = term.detach() if self.leaves_out(name) else term
            if judge and found.fusion:
                judged.append(judge(found.fusion, found.masks))
        alpha = 0.0 if self.leaves_out("invariance") else self.weights.invariance
        beta = 0.0 if self.leaves_out("necessity") else self.weights.necessity * self.weights.necessity_sign
        terms["total"] = terms["fusion"] + alpha * terms["invariance"] + beta * terms["necessity"]
        if judged:
            terms["task"] = torch.stack(judged).mean()
            terms["total"] = terms["total"] + self.weights.task * terms["task"]
        return terms


def batch_terms(
    objective: Objective, network: ISFuse, batch: Batch, precision: Precision, critic: Critic | None = None
) -> dict[str, Tensor]:
    """Compute `Objective.terms` of a batch on the device of the network.

    Args:
        objective: what is minimised.
        network: in train or eval mode.
        batch: on any device.
        precision: of the convolutions.
        critic: judges the fused images; the batch then has colours.

    Returns:
        The scalars of `Objective.terms`.
    """
    import torch

    from fusion.images import with_chroma_of

    device = network.head.weight.device
    images, masks, indices, colours, windows = batch.to(device)
    infrared, visible, *teacher = torch.split(images, 1, dim=1)

    def judge(fusion: Fusion, hidden: Masks | None) -> Tensor:
        assert critic is not None
        assert colours is not None
        seen = colours if hidden is None else colours * hidden.visible
        return critic.loss(with_chroma_of(fusion.fused, seen, fusion.chroma), windows)

    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
        return objective.terms(
            network,
            infrared,
            visible,
            *masks,
            sample_indices=indices,
            teacher_output=teacher[0] if teacher else None,
            judge=judge if critic else None,
        )


@contextmanager
def running_statistics(network: nn.Module, updated: bool) -> Iterator[None]:
    """Keep the running statistics of BatchNorm unchanged inside the block unless `updated`.

    In train mode, BatchNorm normalises by the statistics of the batch either way.
    """
    from torch import nn

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
