"""What is likely on the street: light, and for each class its size, place, colours and which camera sees it."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from pipelines.sample.scene import Kind, Light, Rgb, ShownBy

_LIGHTS: dict[Light, float] = {"day": 0.4, "night": 0.35, "fog": 0.25}
_SHOWN: tuple[ShownBy, ...] = ("both", "infrared", "visible")
# Darkness and fog hide from the colour camera; a sunlit street is as warm as what stands on it.
_LIGHT_FAVOURS: dict[Light, tuple[float, float, float]] = {
    "day": (1.0, 0.75, 1.25), "night": (1.0, 1.25, 0.8), "fog": (1.0, 1.2, 0.85),
}  # fmt: skip

_BRIGHT_PAINT: tuple[Rgb, ...] = (
    (0.96, 0.96, 0.94), (0.98, 0.82, 0.2), (0.62, 0.85, 0.97), (0.97, 0.66, 0.3), (0.7, 0.94, 0.76), (0.98, 0.7, 0.68),
)  # fmt: skip
_MUTED_PAINT: tuple[Rgb, ...] = ((0.86, 0.2, 0.17), (0.16, 0.38, 0.78), (0.15, 0.58, 0.4))


@dataclass(frozen=True)
class Habits:
    """How a class occurs; `bright` colours stand out from the street in brightness, `muted` ones in hue only."""

    share: float  # of the candidates; wide objects find no room more often
    height: float  # metres
    half_width: float  # metres, the least that it reaches to each side as seen
    height_px: tuple[float, float]  # wanted, in an image 256 pixels high
    off_axis: tuple[float, float]  # metres left or right of the middle of the road
    yaws: tuple[float, ...]
    turn: float  # radians, either way
    shown: tuple[float, float, float]  # weights of both, infrared, visible
    bright: tuple[Rgb, ...] = _BRIGHT_PAINT
    muted: tuple[Rgb, ...] = _MUTED_PAINT


_ANY_WAY = (pi / 2, pi / 2, -pi / 2, -pi / 2, 0.0, pi)
KINDS: dict[Kind, Habits] = {
    # A padded coat at the temperature of the air hides from infrared; darkness hides the rest from the eye.
    "People": Habits(
        share=0.18, height=1.75, half_width=0.2, height_px=(26, 95), off_axis=(0.0, 8.5),
        yaws=(0.0, pi), turn=0.3, shown=(0.4, 0.42, 0.18),
    ),
    # Parked for hours, a vehicle is as cold as the street.
    "Car": Habits(
        share=0.245, height=1.5, half_width=0.9, height_px=(18, 56), off_axis=(0.5, 5.2),
        yaws=_ANY_WAY, turn=0.35, shown=(0.4, 0.28, 0.32),
    ),
    "Bus": Habits(
        share=0.195, height=3.1, half_width=1.2, height_px=(34, 82), off_axis=(1.5, 5.0),
        yaws=_ANY_WAY, turn=0.35, shown=(0.42, 0.3, 0.28),
    ),
    "Motorcycle": Habits(
        share=0.13, height=1.7, half_width=0.7, height_px=(28, 80), off_axis=(0.0, 6.5),
        yaws=(0.0, pi), turn=0.5, shown=(0.42, 0.34, 0.24),
    ),
    # Diodes give light without warmth; a lamp just switched off is dark and warm.
    "Lamp": Habits(
        share=0.075, height=3.85, half_width=0.4, height_px=(50, 108), off_axis=(5.9, 7.4),
        yaws=(0.0,), turn=0.0, shown=(0.38, 0.14, 0.48),
        bright=((1.0, 0.93, 0.72), (0.97, 0.97, 1.0)), muted=(),
    ),
    "Truck": Habits(
        share=0.175, height=3.2, half_width=1.1, height_px=(34, 80), off_axis=(1.5, 5.0),
        yaws=_ANY_WAY, turn=0.35, shown=(0.42, 0.3, 0.28),
    ),
}  # fmt: skip


def pick_light(rng: np.random.Generator) -> Light:
    """Draw the light of a scene."""
    lights = list(_LIGHTS)
    return lights[rng.choice(len(lights), p=list(_LIGHTS.values()))]


def pick_shown_by(rng: np.random.Generator, kind: Kind, light: Light) -> ShownBy:
    """Draw which camera sees an object of this class under this light."""
    weights = np.array(KINDS[kind].shown) * _LIGHT_FAVOURS[light]
    return _SHOWN[rng.choice(len(_SHOWN), p=weights / weights.sum())]
