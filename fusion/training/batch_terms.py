"""The loss of one batch of crops, with the masks of its interventions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from fusion.interventions import Masks, complementary_masks, random_masks
from fusion.networks import ISFuse
from fusion.training.objective import Objective
from fusion.training.schedule import Precision


class Batch(NamedTuple):
    """Crops as `CropSource` cuts them, (B, 2 or 3, S, S) in [0, 1], and the masks that hide parts of them.

    The masks are complementary and random ones, or none where the standard pass runs alone. Turns are the running
    numbers of the samples in a training, which share out the interventions.
    """

    images: Tensor
    masks: tuple[Masks, ...] = ()
    turns: tuple[int, ...] | None = None

    def each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        """Do the same to every tensor."""
        masks = tuple(Masks(*map(change, kind)) for kind in self.masks)
        return self._replace(images=change(self.images), masks=masks)

    def on(self, device: torch.device) -> Batch:
        """Move to a device, without waiting where the memory is pinned."""
        return self.each(lambda tensor: tensor.to(device, non_blocking=True))


def draw_masks(count: int, side: int, generator: torch.Generator) -> tuple[Masks, Masks]:
    """Draw the complementary and the random masks of `count` square crops, on the CPU."""
    return complementary_masks(count, side, side, generator), random_masks(count, side, side, generator)


def batch_terms(objective: Objective, network: ISFuse, batch: Batch, precision: Precision) -> dict[str, Tensor]:
    """Compute what `Objective.terms` gives, on the device of the network.

    Args:
        objective: what is minimised.
        network: in train or eval mode.
        batch: on any device.
        precision: of the convolutions.
    """
    device = network.head.weight.device
    images, masks, turns = batch.on(device)
    infrared, visible, *taught = torch.split(images, 1, dim=1)
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
        return objective.terms(network, infrared, visible, *masks, turns=turns, taught=taught[0] if taught else None)
