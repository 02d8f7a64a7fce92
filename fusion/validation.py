"""What is held out of a training, and how good its network is on that, by the metrics it will be judged by."""

from __future__ import annotations

import torch
from torch import Tensor

from fusion.metrics import choose_metrics, measure
from fusion.seeds import generator_for

_METRICS = ("AG", "PSNR", "CC", "SCD", "VIF", "Qabf")


def hold_out(count: int, fraction: float, seed: int) -> tuple[list[int], list[int]]:
    """Draw the indices that train and those that validate, each sorted; at least one of both."""
    order = torch.randperm(count, generator=generator_for(seed, "held out")).tolist()
    held_out = min(max(1, round(count * fraction)), count - 1)
    return sorted(order[held_out:]), sorted(order[:held_out])


def validation_metrics(infrared: Tensor, visible: Tensor, fused: Tensor) -> dict[str, Tensor]:
    """Measure a batch of fused crops, convention eif, each as 8-bit image.

    Args:
        infrared: (B, 1, S, S) in [0, 1].
        visible: luma, likewise.
        fused: likewise.

    Returns:
        By name of the metric, (B,) float64; metrics that need larger crops are left out.
    """
    names = [metric.name for metric in choose_metrics(_METRICS) if metric.smallest_side <= infrared.shape[-1]]
    levels = [(image * 255).round().to(torch.uint8) for image in (infrared, visible, fused)]
    return measure(levels[0], levels[1], levels[2], names)
