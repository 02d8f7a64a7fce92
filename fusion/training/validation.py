"""Hold pairs out of a training, and validate the network on them by loss and metrics."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import fmean

import torch
from torch import Tensor

from fusion.metrics import choose_metrics, measure
from fusion.networks import ISFuse
from fusion.seeds import generator_for
from fusion.training.batches import Batch
from fusion.training.critic import Critic
from fusion.training.objective import Objective, batch_terms
from fusion.training.settings import Precision

_METRICS = ("AG", "PSNR", "CC", "SCD", "VIF", "Qabf")


def hold_out(count: int, fraction: float, seed: int) -> tuple[list[int], list[int]]:
    """Split `count` indices at random into training and held-out ones, each sorted and not empty.

    Example:
        >>> training, held_out = hold_out(10, 0.2, seed=0)
        >>> len(training), len(held_out), sorted(training + held_out) == list(range(10))
        (8, 2, True)
    """
    order = torch.randperm(count, generator=generator_for(seed, "held out")).tolist()
    held_out = min(max(1, round(count * fraction)), count - 1)
    return sorted(order[held_out:]), sorted(order[:held_out])


@torch.no_grad()
def validate(
    objective: Objective,
    network: ISFuse,
    batches: Iterable[Batch],
    precision: Precision,
    critic: Critic | None = None,
) -> dict[str, float]:
    """Average the loss terms and the metrics over held-out crops, in eval mode.

    Args:
        objective: of the training.
        network: is left in eval mode.
        batches: held-out crops with masks.
        precision: of the training, used for the loss terms; metrics are computed in float32.
        critic: of the training; its network is left in eval mode, too.

    Returns:
        Means over the crops, named "validation_" plus the term or metric; crops for which a metric is undefined are
        left out of its mean, which is NaN if there are no others.
    """
    network.eval()
    if critic:
        critic.network.eval()
    values: dict[str, list[float]] = {}
    for batch in batches:
        for name, value in batch_terms(objective, network, batch, precision, critic).items():
            values.setdefault(name, []).extend([value.item()] * len(batch.images))
        infrared, visible = torch.split(batch.to(network.head.weight.device).images[:, :2], 1, dim=1)
        for name, of_crops in validation_metrics(infrared, visible, network(infrared, visible).fused).items():
            values.setdefault(name, []).extend(value for value in of_crops.tolist() if not math.isnan(value))
    return {f"validation_{name}": fmean(of_name) if of_name else math.nan for name, of_name in values.items()}


def validation_metrics(infrared: Tensor, visible: Tensor, fused: Tensor) -> dict[str, Tensor]:
    """Measure a batch of fused crops after rounding to 8 bits, under the convention "eif".

    Args:
        infrared: (B, 1, S, S) luma in [0, 1].
        visible: likewise.
        fused: likewise.

    Returns:
        Metric name to (B,) float64; metrics that need larger crops are omitted.
    """
    names = [metric.name for metric in choose_metrics(_METRICS) if metric.smallest_side <= infrared.shape[-1]]
    levels = [(image * 255).round().to(torch.uint8) for image in (infrared, visible, fused)]
    return measure(levels[0], levels[1], levels[2], names)
