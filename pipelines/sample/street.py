"""What a street holds: its classes of objects, and for each its size, place, colours and which camera sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi

from pipelines.sample.scene import Rgb, ShownBy

WAYS_TO_BE_SEEN: tuple[ShownBy, ...] = ("both", "infrared", "visible")
ANY_WAY = (pi / 2, pi / 2, -pi / 2, -pi / 2, 0.0, pi)

_BRIGHT_PAINT: tuple[Rgb, ...] = (
    (0.96, 0.96, 0.94), (0.98, 0.82, 0.2), (0.62, 0.85, 0.97), (0.97, 0.66, 0.3), (0.7, 0.94, 0.76), (0.98, 0.7, 0.68),
)  # fmt: skip
_MUTED_PAINT: tuple[Rgb, ...] = ((0.86, 0.2, 0.17), (0.16, 0.38, 0.78), (0.15, 0.58, 0.4))


@dataclass(frozen=True)
class Habits:
    """How a class occurs; `bright` colours stand out from the street in brightness, `muted` ones in hue only."""

    share: float  # of the candidates; wide objects find no room more often
    height: float  # metres; with height_px it says how far away, so that what lies flat has a token height
    half_width: float  # metres, the least that it reaches to each side as seen
    height_px: tuple[float, float]  # wanted, in an image 256 pixels high
    off_axis: tuple[float, float]  # metres left or right of the middle of the road
    yaws: tuple[float, ...]
    turn: float  # radians, either way
    shown: tuple[float, float, float]  # weights of WAYS_TO_BE_SEEN
    bright: tuple[Rgb, ...] = _BRIGHT_PAINT
    muted: tuple[Rgb, ...] = _MUTED_PAINT


@dataclass(frozen=True)
class Street:
    """The classes that occur, with their habits, and how many objects one scene has."""

    kinds: Mapping[str, Habits]
    fewest: int
    most: int
