"""Whether the infrared and visible images of a data set lie over each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tqdm import tqdm

from fusion.errors import first_few
from fusion.images import Pair, spread_pairs

_MOST_PAIRS, _MOST_PIXELS = 20, 2.0
_FEW = 0.1  # share of the places where two images of one scene agree, at the least
_SHOWN = 3


class Alignment(NamedTuple):
    """What `check_alignment` says.

    Attributes:
        lines: a description, of at most one line.
        warnings: one line if the images do not lie over each other.
    """

    lines: list[str]
    warnings: list[str]


def check_alignment(pairs: Sequence[Pair]) -> Alignment:
    """Measure how far infrared and visible are misaligned, in 20 pairs spread evenly, and warn above 2 pixels.

    Args:
        pairs: of the data set, as they are read; those of one size within a pair.
    """
    if not pairs:
        return Alignment([], [])
    import numpy as np

    from fusion.registration import REGISTER, measure_misalignment

    chosen = spread_pairs(pairs, _MOST_PAIRS)
    bar = tqdm(chosen, desc="check alignment", unit="pair", leave=False)
    found = measure_misalignment((pair.stem, *pair.read_luma()) for pair in bar)
    distances, places = found.distances, found.shifts.shape[0] * found.shifts.shape[1]
    seen = f"{len(distances)} of {places} places of {len(chosen)} pairs"
    is_registered = pairs[0].registration is not None
    if len(distances) < _FEW * places:
        told = f"infrared and visible share edges at {seen} only: not the same scenes, or more than about 1 % apart"
        return Alignment([], [told if is_registered else f"{told}. Try: {REGISTER}"])
    median, most = np.percentile(distances, (50, 95))
    worst = first_few([f"{stem} {distance:.1f}" for stem, distance in found.by_pair.items()][:_SHOWN])
    line = f"misalignment: median {median:.1f}, 95 % {most:.1f} pixels at {seen}; worst {worst}"
    if median <= _MOST_PIXELS:
        return Alignment([line], [])
    told = f"infrared and visible are {median:.1f} pixels apart (median)"
    uneven = found.unevenness
    if uneven > _MOST_PIXELS / 2:
        told += f", of which one transform leaves about {uneven:.1f}: it depends on the place (lens or parallax)"
    if not is_registered:
        told += f". Try: {REGISTER}"
    return Alignment([line], [told])
