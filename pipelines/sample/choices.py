"""What the light of a scene is, and which camera sees an object in it."""

from __future__ import annotations

import numpy as np

from pipelines.sample.scene import Light, ShownBy
from pipelines.sample.street import WAYS_TO_BE_SEEN, Habits

_LIGHTS: dict[Light, float] = {"day": 0.4, "night": 0.35, "fog": 0.25}
# Darkness and fog hide from the colour camera; a sunlit street is as warm as what stands on it.
_LIGHT_FAVOURS: dict[Light, tuple[float, float, float]] = {
    "day": (1.0, 0.75, 1.25), "night": (1.0, 1.25, 0.8), "fog": (1.0, 1.2, 0.85),
}  # fmt: skip


def pick_light(rng: np.random.Generator) -> Light:
    """Draw the light of a scene."""
    lights = list(_LIGHTS)
    return lights[rng.choice(len(lights), p=list(_LIGHTS.values()))]


def pick_shown_by(rng: np.random.Generator, habits: Habits, light: Light) -> ShownBy:
    """Draw which camera sees an object of such habits under this light."""
    weights = np.array(habits.shown) * _LIGHT_FAVOURS[light]
    return WAYS_TO_BE_SEEN[rng.choice(len(WAYS_TO_BE_SEEN), p=weights / weights.sum())]
