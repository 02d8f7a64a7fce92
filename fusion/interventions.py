"""Interventions on the inputs of the network: hide parts of both images, or one modality as a whole.

Importing this module does not import torch: the names in `INTERVENTIONS` are needed while a run is planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch
    from torch import Tensor

INTERVENTIONS = ("complementary", "random", "without_visible", "without_infrared")
HOLE_SIDE = 16
MOST_HOLES = 6
DISC_PROBABILITY = 0.3


class Masks(NamedTuple):
    """One mask per modality, (B, 1, H, W) float32: 1 where a pixel is kept, 0 where it is hidden."""

    infrared: Tensor
    visible: Tensor


def complementary_masks(batch: int, height: int, width: int, generator: torch.Generator) -> Masks:
    """Draw different holes for the two modalities, such that no pixel is hidden in both.

    Where the holes of both overlap, a fair coin per pixel decides which modality keeps it.

    Args:
        batch: number of samples B.
        height: of the masks, at least 16, the side of a hole.
        width: likewise.
        generator: a CPU generator.

    Returns:
        Masks of (B, 1, H, W).

    Raises:
        ValueError: a side is shorter than a hole.

    Example:
        >>> import torch
        >>> masks = complementary_masks(2, 32, 48, torch.Generator().manual_seed(0))
        >>> masks.infrared.shape, bool((masks.infrared + masks.visible >= 1).all())
        (torch.Size([2, 1, 32, 48]), True)
    """
    import torch

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

    Arguments, shapes and errors are those of `complementary_masks`.
    """
    mask = hole_masks(batch, height, width, generator)
    return Masks(mask, mask)


def assign_interventions(complementary: Masks, random: Masks, sample_indices: Sequence[int]) -> Masks:
    """Assign one of `INTERVENTIONS` to every sample, in rotation; a missing modality is hidden completely.

    Args:
        complementary: from `complementary_masks`, (B, 1, H, W).
        random: from `random_masks`, likewise.
        sample_indices: running number of each sample in the training; its remainder modulo 4 selects the intervention.

    Returns:
        Masks of (B, 1, H, W).
    """
    import torch

    keep_all, hide_all = torch.ones_like(random.infrared), torch.zeros_like(random.infrared)
    for_infrared = complementary.infrared, random.infrared, keep_all, hide_all
    for_visible = complementary.visible, random.visible, hide_all, keep_all
    return Masks(
        *(
            torch.stack([masks[index % len(INTERVENTIONS)][sample] for sample, index in enumerate(sample_indices)])
            for masks in (for_infrared, for_visible)
        )
    )


def hole_masks(batch: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Draw 1 to 6 holes for each sample: squares of side 16 (probability 0.7) or discs of radius 8, fully inside.

    Returns:
        (B, 1, H, W) float32, 0 inside a hole and 1 elsewhere.

    Raises:
        ValueError: a side is shorter than a hole.
    """
    import torch

    if min(height, width) < HOLE_SIDE:
        raise ValueError(
            f"image is smaller than a hole (found {width}x{height}, expected at least {HOLE_SIDE}x{HOLE_SIDE})"
        )
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
        for y, x, is_round in zip(*drawn, strict=True):
            hidden[sample, 0, y : y + HOLE_SIDE, x : x + HOLE_SIDE] |= disc if is_round else square
    return (~hidden).float()
