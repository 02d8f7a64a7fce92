"""Put objects on the street where they are inside the image and leave each other in sight."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from pipelines.sample.choices import pick_shown_by
from pipelines.sample.faces import Face, bounds, silhouette
from pipelines.sample.scene import BoolArray, Camera, Light, Thing
from pipelines.sample.shapes import faces_of
from pipelines.sample.street import Habits, Street

_TRIES = 80  # about three times what a scene takes
_MOST_IOU = 0.2
_MOST_COVERED = 0.2  # of a silhouette, by all others together
_MOST_CORE_SHARED = 0.35  # of the middle of a candidate, with the box of one other
_MARGIN_PX = 2.0


def place_things(
    rng: np.random.Generator, street: Street, light: Light, camera: Camera, size: tuple[int, int]
) -> list[Thing]:
    """Place objects of the street's classes by trial; where the first few leave no room for the rest, start again."""
    count = rng.integers(street.fewest, street.most + 1)
    things: list[Thing] = []
    while len(things) < count:
        things, masks = [], list[BoolArray]()
        for thing in (_thing(rng, street, light, camera, size) for _ in range(_TRIES)):
            mask = _mask_if_placed(thing, street.kinds[thing.kind], things, masks, camera, size)
            if mask is not None:
                things.append(thing)
                masks.append(mask)
            if len(things) == count:
                break
    return things


@lru_cache(maxsize=64)
def box_of(thing: Thing, camera: Camera) -> tuple[int, int, int, int]:
    """Give the label box x0, y0, x1, y1 of an object in whole pixels, all of its silhouette inside."""
    x0, y0, x1, y1 = bounds(faces_of(thing, camera))
    return int(np.floor(x0)), int(np.floor(y0)), int(np.ceil(x1)), int(np.ceil(y1))


def _mask_if_placed(
    thing: Thing,
    habits: Habits,
    things: list[Thing],
    masks: list[BoolArray],
    camera: Camera,
    size: tuple[int, int],
) -> BoolArray | None:
    """Give the silhouette of an object, or None if it leaves the image or stands too much in the way of others."""
    if not _may_fit(thing, habits, things, camera, size) or not _is_inside(faces_of(thing, camera), size):
        return None
    box = box_of(thing, camera)
    if any(_iou(box, box_of(other, camera)) > _MOST_IOU for other in things):
        return None
    mask = silhouette(faces_of(thing, camera), size)
    return mask if _leave_sight([*masks, mask]) else None


def _may_fit(thing: Thing, habits: Habits, things: list[Thing], camera: Camera, size: tuple[int, int]) -> bool:
    """Tell cheaply, from the core of an object alone, whether it is worth drawing: most candidates fail here."""
    scale = camera.focal_px / thing.z
    middle, half = camera.centre_px + scale * (thing.x - camera.x), scale * habits.half_width
    foot = camera.horizon_px + scale * camera.height
    core = middle - half, foot - scale * habits.height, middle + half, foot
    if core[0] < 0 or core[2] > size[0] or foot > size[1]:
        return False
    area = (core[2] - core[0]) * (core[3] - core[1])
    return all(_shared_area(core, box_of(other, camera)) < _MOST_CORE_SHARED * area for other in things)


def _is_inside(faces: Sequence[Face], size: tuple[int, int]) -> bool:
    x0, y0, x1, y1 = bounds(faces)
    return min(x0, y0, size[0] - x1, size[1] - y1) >= _MARGIN_PX


def _leave_sight(masks: list[BoolArray]) -> bool:
    """Tell whether enough of every silhouette is its own."""
    once = np.zeros_like(masks[0])
    shared = np.zeros_like(masks[0])
    for mask in masks:
        shared |= once & mask
        once |= mask
    return all(np.count_nonzero(mask & shared) <= _MOST_COVERED * np.count_nonzero(mask) for mask in masks)


def _iou(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> float:
    shared = _shared_area(first, second)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return shared / (sum(areas) - shared)


def _shared_area(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(width, 0.0) * max(height, 0.0)


def _thing(rng: np.random.Generator, street: Street, light: Light, camera: Camera, size: tuple[int, int]) -> Thing:
    names = list(street.kinds)
    kind = names[rng.choice(len(names), p=[habits.share for habits in street.kinds.values()])]
    habits = street.kinds[kind]
    # Evenly spread on a logarithmic scale: far objects are smaller, and there are more of them.
    low, high = (np.log(pixels * size[1] / 256) for pixels in habits.height_px)
    z = camera.focal_px * habits.height / float(np.exp(rng.uniform(low, high)))
    x = rng.choice([-1.0, 1.0]) * rng.uniform(*habits.off_axis)
    yaw = float(rng.choice(habits.yaws)) + rng.uniform(-habits.turn, habits.turn)
    shown_by = pick_shown_by(rng, habits, light)
    paints = habits.bright if shown_by == "visible" else habits.bright + habits.muted
    paint, accent = (paints[rng.integers(len(paints))] for _ in range(2))
    return Thing(kind, shown_by, float(x), z, yaw, paint, accent)
