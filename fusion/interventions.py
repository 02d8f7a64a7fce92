"""Interventions on the inputs of the network: holes, different or equal in both modalities, and a missing modality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

HOLE_SIDE = 16
MOST_HOLES = 6
DISC_PROBABILITY = 0.3
INTERVENTIONS = "complementary", "random", "without visible", "without infrared"


class Masks(NamedTuple):
    """What each modality keeps, (B, 1, H, W) float32: 1 where a pixel stays, 0 where it is hidden."""

    infrared: Tensor
    visible: Tensor


def complementary_masks(batch: int, height: int, width: int, generator: torch.Generator) -> Masks:
    """Draw different holes for the two modalities so that no pixel is hidden in both.

    Where both would be hidden, a fair coin per pixel restores one of them.

    Raises:
        ValueError: a side is shorter than a hole.
    """
    infrared = hole_masks(batch, height, width, generator)
    visible = hole_masks(batch, height, width, generator)
    hidden_in_both = (infrared + visible) == 0
    restore_infrared = torch.rand(infrared.shape, generator=generator) < 0.5
    return Masks(
        infrared + (hidden_in_both & restore_infrared),
        visible + (hidden_in_both & ~restore_infrared),
    )


def random_masks(batch: int, height: int, width: int, generator: torch.Generator) -> Masks:
    """Draw one set of holes and hide it in both modalities.

    Raises:
        ValueError: a side is shorter than a hole.
    """
    mask = hole_masks(batch, height, width, generator)
    return Masks(mask, mask)


def one_each(complementary: Masks, random: Masks, turns: Sequence[int]) -> Masks:
    """Give every sample the one of `INTERVENTIONS` whose turn it is, as masks; a missing modality is wholly hidden."""
    whole, nothing = torch.ones_like(random.infrared), torch.zeros_like(random.infrared)
    of_infrared = complementary.infrared, random.infrared, whole, nothing
    of_visible = complementary.visible, random.visible, nothing, whole
    return Masks(
        *(
            torch.stack([kept[turn % len(INTERVENTIONS)][sample] for sample, turn in enumerate(turns)])
            for kept in (of_infrared, of_visible)
        )
    )


def hole_masks(batch: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Draw 1 to 6 holes for each sample: squares of side 16 (probability 0.7) or discs of radius 8, wholly inside.

    Returns:
        (B, 1, H, W) float32, 0 inside a hole and 1 elsewhere.

    Raises:
        ValueError: a side is shorter than a hole.
    """
    if min(height, width) < HOLE_SIDE:
        raise ValueError(f"image {width}x{height} is smaller than a hole; expected at least {HOLE_SIDE}x{HOLE_SIDE}")
    shape = (batch, MOST_HOLES, 1, 1)
    count = torch.randint(1, MOST_HOLES + 1, (batch, 1, 1, 1), generator=generator)
    top = torch.randint(0, height - HOLE_SIDE + 1, shape, generator=generator)
    left = torch.randint(0, width - HOLE_SIDE + 1, shape, generator=generator)
    is_disc = torch.rand(shape, generator=generator) < DISC_PROBABILITY

    hidden = torch.zeros(batch, 1, height, width, dtype=torch.bool)
    square = torch.ones(HOLE_SIDE, HOLE_SIDE, dtype=torch.bool)
    from_centre = torch.arange(HOLE_SIDE) + 0.5 - HOLE_SIDE / 2
    disc = from_centre[:, None] ** 2 + from_centre**2 < (HOLE_SIDE / 2) ** 2
    for sample, holes in enumerate(count.flatten().tolist()):
        drawn = (draws[sample, :holes].flatten().tolist() for draws in (top, left, is_disc))
        for y, x, round_hole in zip(*drawn, strict=True):
            hidden[sample, 0, y : y + HOLE_SIDE, x : x + HOLE_SIDE] |= disc if round_hole else square
    return (~hidden).float()
