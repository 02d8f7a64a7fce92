"""The outward appearance of each object class."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pipelines.sample.faces import Face, Pose
from pipelines.sample.figures import lamp, motorcycle, person
from pipelines.sample.scene import Camera, Kind, Thing
from pipelines.sample.vehicles import bus, car, truck

_SHAPES: dict[Kind, Callable[[Thing, Pose], list[Face]]] = {
    "People": person,
    "Car": car,
    "Bus": bus,
    "Motorcycle": motorcycle,
    "Lamp": lamp,
    "Truck": truck,
}


@lru_cache(maxsize=64)
def faces_of(thing: Thing, camera: Camera) -> tuple[Face, ...]:
    """List the faces of an object as the camera sees them, in painting order; together they are its silhouette."""
    return tuple(_SHAPES[thing.kind](thing, Pose(camera, thing.x, thing.z, thing.yaw)))
