"""The training objective: the standard pass, the intervened passes, and the loss they add up to.

Importing this module does not import torch, so that an objective can be checked while a run is planned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from fusion.errors import unknown_name
from fusion.interventions import INTERVENTIONS, Masks, assign_interventions
from fusion.training import losses
from fusion.training.settings import LossWeights

if TYPE_CHECKING:
    from torch import Tensor, nn

    from fusion.networks import Features, Fusion, ISFuse
    from fusion.training.batches import Batch
    from fusion.training.settings import Precision

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

        Returns:
            Scalars: "total" to minimise; "fusion", "invariance" and "necessity" unweighted; "gate", the mean opening
            in the standard pass.
        """
        import torch

        features = network.encode_infrared(infrared), network.encode_visible(visible)
        standard = _in_float32(network.integrate(*features))
        terms = {
            "fusion": losses.fusion_term(standard.fused, infrared, visible, self.weights, teacher_output),
            "invariance": standard.fused.new_zeros(()),
            "necessity": standard.fused.new_zeros(()),
            "gate": losses.gate_map([gate.detach() for gate in standard.gates], infrared.shape[2:]).mean(),
        }
        if masks and not self.leaves_out("interventions"):
            learns = not (self.leaves_out("invariance") and self.leaves_out("necessity"))
            common = network, standard.fused, (infrared, visible)
            with (
                running_statistics(network, updated=self.batchnorm == "all"),
                torch.set_grad_enabled(torch.is_grad_enabled() and learns),
            ):
                both = (
                    one_pass(*common, masks, sample_indices or range(len(infrared)), self.weights)
                    if self.divided
                    else four_passes(*common, features, masks, self.weights)
                )
            for name, term in zip(("invariance", "necessity"), both, strict=True):
                terms[name] = term.detach() if self.leaves_out(name) else term
        alpha = 0.0 if self.leaves_out("invariance") else self.weights.invariance
        beta = 0.0 if self.leaves_out("necessity") else self.weights.necessity * self.weights.necessity_sign
        terms["total"] = terms["fusion"] + alpha * terms["invariance"] + beta * terms["necessity"]
        return terms


def batch_terms(objective: Objective, network: ISFuse, batch: Batch, precision: Precision) -> dict[str, Tensor]:
    """Compute `Objective.terms` of a batch on the device of the network.

    Args:
        objective: what is minimised.
        network: in train or eval mode.
        batch: on any device.
        precision: of the convolutions.

    Returns:
        The scalars of `Objective.terms`.
    """
    import torch

    device = network.head.weight.device
    images, masks, indices = batch.to(device)
    infrared, visible, *teacher = torch.split(images, 1, dim=1)
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
        return objective.terms(
            network,
            infrared,
            visible,
            *masks,
            sample_indices=indices,
            teacher_output=teacher[0] if teacher else None,
        )


def one_pass(
    network: ISFuse,
    fused: Tensor,
    images: tuple[Tensor, Tensor],
    masks: Sequence[Masks],
    sample_indices: Sequence[int],
    weights: LossWeights,
) -> tuple[Tensor, Tensor]:
    """Apply one of the four interventions to each sample, in rotation; the expected terms are those of `four_passes`.

    Args:
        network: runs once.
        fused: (B, 1, H, W) output of the standard pass.
        images: infrared and visible luma, each (B, 1, H, W) in [0, 1].
        masks: complementary and random ones, each (B, 1, H, W).
        sample_indices: B running numbers of the samples; the remainder modulo 4 selects the intervention.
        weights: of the parts of the invariance term.

    Returns:
        The invariance and the necessity term, scalars.
    """
    from torch.nn import functional as F

    intervened, gate = _masked_pass(network, images, assign_interventions(masks[0], masks[1], sample_indices))
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
    return invariance, necessity


def four_passes(
    network: ISFuse,
    fused: Tensor,
    images: tuple[Tensor, Tensor],
    features: tuple[Features, Features],
    masks: Sequence[Masks],
    weights: LossWeights,
) -> tuple[Tensor, Tensor]:
    """Apply all four interventions to each sample.

    Args:
        network: runs once per intervention.
        fused: (B, 1, H, W) output of the standard pass.
        images: infrared and visible luma, each (B, 1, H, W) in [0, 1].
        features: of the infrared and the visible images, from `ISFuse.encode_infrared` and `ISFuse.encode_visible`.
        masks: complementary and random ones, each (B, 1, H, W).
        weights: of the parts of the invariance term.

    Returns:
        The invariance and the necessity term, scalars.
    """
    import torch

    invariance = []
    for mask in masks:
        intervened, gate = _masked_pass(network, images, mask)
        invariance.append(losses.invariance_loss(fused, intervened, gate, weights.gate_target, weights.entropy_sign))
    missing_infrared, missing_visible = _missing_features(network, images[0])
    without_visible = _in_float32(network.integrate(features[0], missing_visible))
    without_infrared = _in_float32(network.integrate(missing_infrared, features[1]))
    necessity = losses.necessity_loss(fused, without_visible.fused, without_infrared.fused)
    return torch.stack(invariance).mean(), necessity


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


def _in_float32(fusion: Fusion) -> Fusion:
    """Convert the fused image to float32, as losses are not computed in reduced precision."""
    return fusion._replace(fused=fusion.fused.float())


def _masked_pass(network: ISFuse, images: tuple[Tensor, Tensor], masks: Masks) -> tuple[Tensor, Tensor]:
    """Fuse the masked images; return the fused images and the maps of the gates, each (B, 1, H, W)."""
    fusion = _in_float32(network(images[0] * masks.infrared, images[1] * masks.visible))
    return fusion.fused, losses.gate_map(fusion.gates, fusion.fused.shape[2:])


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
