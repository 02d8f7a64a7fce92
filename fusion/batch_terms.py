"""The loss of one batch of crops, with the masks that a generator draws."""

from __future__ import annotations

import torch
from torch import Tensor

from fusion.interventions import Masks, complementary_masks, random_masks
from fusion.networks.isfuse import ISFuse
from fusion.objective import Objective
from fusion.schedule import Precision


def batch_terms(
    objective: Objective,
    network: ISFuse,
    batch: Tensor,
    generator: torch.Generator,
    precision: Precision,
    intervene: bool = True,
) -> dict[str, Tensor]:
    """Compute what `Objective.terms` gives, on the device of the network.

    Args:
        objective: what is minimised.
        network: in train or eval mode.
        batch: (B, 2, S, S) in [0, 1], infrared and visible luma; (B, 3, S, S) with the teacher's results.
        generator: draws the masks, on the CPU.
        precision: of the convolutions.
        intervene: as `Objective.terms` takes it.
    """
    device = network.head.weight.device
    count, _, height, width = batch.shape
    drawn = complementary_masks(count, height, width, generator), random_masks(count, height, width, generator)
    complementary, random = (Masks(*(mask.to(device) for mask in masks)) for masks in drawn)
    infrared, visible, *taught = torch.split(batch.to(device), 1, dim=1)
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
        return objective.terms(network, infrared, visible, complementary, random, intervene, *taught)
