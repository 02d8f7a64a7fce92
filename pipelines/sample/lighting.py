"""How day, night and fog change the colours that the visible camera sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sample.faces import Look
from pipelines.sample.scene import Light, Rgb


@dataclass(frozen=True)
class Lighting:
    """One light: what it multiplies, what it mixes in with distance, and what the sensor adds."""

    sky_top: Rgb
    sky_low: Rgb
    on_street: Rgb
    on_things: Rgb
    haze: Rgb
    haze_reach: float  # metres at which haze covers 63 % of the street
    most_haze_on_things: float
    glow: float
    noise: float

    def colour(self, look: Look, z: float, is_thing: bool) -> Rgb:
        """Give the colour of a surface `z` metres away; labelled things keep enough of their own to be seen."""
        ambient = (1.0, 1.0, 1.0) if look.glows else self.on_things if is_thing else self.on_street
        haze = self.haze_at(z)
        if is_thing:
            haze = min(haze, self.most_haze_on_things)
        red, green, blue = (
            (1 - haze) * own * light + haze * mist
            for own, light, mist in zip(look.rgb, ambient, self.haze, strict=True)
        )
        return red, green, blue

    def haze_at(self, z: float) -> float:
        """Give the share of haze in [0, 1] in front of a surface `z` metres away."""
        return float(1 - np.exp(-z / self.haze_reach))


LIGHTINGS: dict[Light, Lighting] = {
    "day": Lighting(
        (0.3, 0.5, 0.78), (0.62, 0.7, 0.76), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0), (0.58, 0.64, 0.7), 220, 0.05, 0.0, 0.01
    ),
    "night": Lighting(
        (0.03, 0.04, 0.11), (0.12, 0.11, 0.19), (0.28, 0.3, 0.42), (0.68, 0.68, 0.74), (0.09, 0.09, 0.14),
        120, 0.05, 0.55, 0.022,
    ),
    "fog": Lighting(
        (0.46, 0.48, 0.5), (0.48, 0.5, 0.51), (0.75, 0.77, 0.8), (0.98, 0.98, 0.98), (0.48, 0.5, 0.51),
        22, 0.22, 0.2, 0.012,
    ),
}  # fmt: skip
