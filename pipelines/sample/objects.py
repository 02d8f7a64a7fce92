"""The appearance of each object class: how it is drawn, its shadow, its faces and its label box."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from pipelines.sample.faces import Face, Pose, bounds
from pipelines.sample.people import bicycle, lamp, motorcycle, person
from pipelines.sample.road import bump, cone, curve, guardrail, wheel_stop
from pipelines.sample.scene import Camera, Thing
from pipelines.sample.vehicles import bus, car, truck


class Appearance(NamedTuple):
    """How to draw the objects of a class, and how far their shadow extends along s and w, in metres."""

    draw: Callable[[Thing, Pose], list[Face]]
    shadow: tuple[float, float] | None  # None for what lies flat


_PERSON = Appearance(person, shadow=(0.45, 0.25))
_CAR = Appearance(car, shadow=(2.2, 1.1))
APPEARANCES = {
    "People": _PERSON,
    "person": _PERSON,
    "Car": _CAR,
    "car": _CAR,
    "Bus": Appearance(bus, shadow=(4.0, 1.5)),
    "Truck": Appearance(truck, shadow=(3.6, 1.4)),
    "Motorcycle": Appearance(motorcycle, shadow=(1.2, 0.3)),
    "bike": Appearance(bicycle, shadow=(1.1, 0.2)),
    "Lamp": Appearance(lamp, shadow=(0.45, 0.25)),
    "color_cone": Appearance(cone, shadow=(0.5, 0.3)),
    "car_stop": Appearance(wheel_stop, shadow=(1.05, 0.32)),
    "guardrail": Appearance(guardrail, shadow=(5.0, 0.2)),
    "curve": Appearance(curve, shadow=None),
    "bump": Appearance(bump, shadow=None),
}


@lru_cache(maxsize=64)
def faces_of(thing: Thing, camera: Camera) -> tuple[Face, ...]:
    """Return the faces of an object as the camera sees them, in painting order; together they are its silhouette."""
    return tuple(APPEARANCES[thing.kind].draw(thing, Pose(camera, thing.x, thing.z, thing.yaw)))


@lru_cache(maxsize=64)
def box_of(thing: Thing, camera: Camera) -> tuple[int, int, int, int]:
    """Return the label box x0, y0, x1, y1 of an object: the smallest one in whole pixels around its silhouette."""
    x0, y0, x1, y1 = bounds(faces_of(thing, camera))
    return int(np.floor(x0)), int(np.floor(y0)), int(np.ceil(x1)), int(np.ceil(y1))
