"""Generate random street scenes: light, camera and surroundings, and objects that do not hide each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.sample.faces import Face, bounds, silhouette
from pipelines.sample.objects import box_of, faces_of
from pipelines.sample.scene import Block, BoolArray, Camera, Light, Rgb, Scene, ShownBy, Thing, Tree
from pipelines.sample.streets import M3FD_STREET, SHOWN_BY, ObjectClass, Street

_WALLS: tuple[Rgb, ...] = (
    (0.47, 0.33, 0.28), (0.42, 0.4, 0.38), (0.5, 0.44, 0.35), (0.34, 0.38, 0.43), (0.44, 0.36, 0.36),
)  # fmt: skip
_LIGHTS: dict[Light, float] = {"day": 0.4, "night": 0.35, "fog": 0.25}
# Factors on the weights of SHOWN_BY. Night and fog hide objects from the visible camera; in sunlight, the street is as
# warm as the objects on it.
_LIGHT_FACTORS: dict[Light, tuple[float, float, float]] = {
    "day": (1.0, 0.75, 1.25), "night": (1.0, 1.25, 0.8), "fog": (1.0, 1.2, 0.85),
}  # fmt: skip
_TRIES = 80  # about three times as many as a scene needs
_MAX_IOU = 0.2
_MAX_COVERED = 0.2  # share of a silhouette that all others together may cover
_MAX_CORE_COVERED = 0.35  # share of the core of a candidate that the box of one other object may cover
_MARGIN_PX = 2.0


def generate_scene(rng: np.random.Generator, size: tuple[int, int], street: Street = M3FD_STREET) -> Scene:
    """Generate a random scene; generators in equal states give equal scenes.

    Args:
        rng: source of all randomness.
        size: (width, height) of the images in pixels.
        street: the object classes; the surroundings are the same for every street.

    Example:
        >>> scene = generate_scene(np.random.default_rng(0), (320, 256))
        >>> scene.light, [thing.kind for thing in scene.things]
        ('night', ['Bus', 'Car', 'Car', 'Motorcycle', 'People', 'People'])
    """
    light = list(_LIGHTS)[rng.choice(len(_LIGHTS), p=list(_LIGHTS.values()))]
    width, height = size
    camera = Camera(
        centre_px=width * rng.uniform(0.42, 0.58),
        horizon_px=height * rng.uniform(0.4, 0.46),
        focal_px=0.95 * width,
        height=rng.uniform(2.4, 2.9),
        x=rng.uniform(-1.5, 1.5),
    )
    blocks = [block for side in (-1.0, 1.0) for block in _blocks(rng, side)]
    trees = [
        Tree(side * rng.uniform(7.6, 8.8), rng.uniform(15, 45), rng.uniform(3.5, 5.5))
        for side in (-1.0, 1.0)
        for _ in range(rng.integers(1, 4))
    ]
    things = _place_things(rng, street, light, camera, size)
    return Scene(
        size,
        light,
        camera,
        things=tuple(sorted(things, key=lambda thing: -thing.z)),
        blocks=tuple(sorted(blocks, key=lambda block: -block.z_near)),
        trees=tuple(sorted(trees, key=lambda tree: -tree.z)),
        texture_seed=int(rng.integers(2**31)),
    )


def _blocks(rng: np.random.Generator, side: float) -> list[Block]:
    blocks, z = [], rng.uniform(9, 13)
    while z < 75:
        depth, x_near = rng.uniform(7, 13), side * rng.uniform(9.3, 10.2)
        wall = _WALLS[rng.integers(len(_WALLS))]
        height = rng.uniform(5, 13)
        blocks.append(Block(x_near, x_near + side * 9, z, z + depth, height, wall, int(rng.integers(2**31))))
        z += depth + rng.choice([0.0, 2.5])
    return blocks


def _place_things(
    rng: np.random.Generator, street: Street, light: Light, camera: Camera, size: tuple[int, int]
) -> list[Thing]:
    """Draw objects and keep those that fit; start over if the first ones leave no room for the others."""
    count = rng.integers(street.min_objects, street.max_objects + 1)
    things: list[Thing] = []
    while len(things) < count:
        things, masks = [], list[BoolArray]()
        for thing in (_draw_thing(rng, street, light, camera, size) for _ in range(_TRIES)):
            mask = _mask_if_placed(thing, street.classes[thing.kind], things, masks, camera, size)
            if mask is not None:
                things.append(thing)
                masks.append(mask)
            if len(things) == count:
                break
    return things


def _draw_thing(rng: np.random.Generator, street: Street, light: Light, camera: Camera, size: tuple[int, int]) -> Thing:
    names = list(street.classes)
    kind = names[rng.choice(len(names), p=[of_class.share for of_class in street.classes.values()])]
    of_class = street.classes[kind]
    # Log-uniform: distant objects are smaller, and there are more of them.
    low, high = (np.log(pixels * size[1] / 256) for pixels in of_class.height_px)
    z = camera.focal_px * of_class.height / float(np.exp(rng.uniform(low, high)))
    x = rng.choice([-1.0, 1.0]) * rng.uniform(*of_class.lateral_offset)
    yaw = float(rng.choice(of_class.yaws)) + rng.uniform(-of_class.yaw_jitter, of_class.yaw_jitter)
    shown_by = _draw_shown_by(rng, of_class, light)
    paints = of_class.bright if shown_by == "visible" else of_class.bright + of_class.muted
    paint, accent = (paints[rng.integers(len(paints))] for _ in range(2))
    return Thing(kind, shown_by, float(x), z, yaw, paint, accent)


def _draw_shown_by(rng: np.random.Generator, of_class: ObjectClass, light: Light) -> ShownBy:
    weights = np.array(of_class.shown_by) * _LIGHT_FACTORS[light]
    return SHOWN_BY[rng.choice(len(SHOWN_BY), p=weights / weights.sum())]


def _mask_if_placed(
    thing: Thing,
    of_class: ObjectClass,
    things: list[Thing],
    masks: list[BoolArray],
    camera: Camera,
    size: tuple[int, int],
) -> BoolArray | None:
    """Return the silhouette of an object, or None if it leaves the image or overlaps the others too much."""
    if not _may_fit(thing, of_class, things, camera, size) or not _is_inside(faces_of(thing, camera), size):
        return None
    box = box_of(thing, camera)
    if any(_iou(box, box_of(other, camera)) > _MAX_IOU for other in things):
        return None
    mask = silhouette(faces_of(thing, camera), size)
    return mask if _all_visible([*masks, mask]) else None


def _may_fit(thing: Thing, of_class: ObjectClass, things: list[Thing], camera: Camera, size: tuple[int, int]) -> bool:
    """Return whether an object is worth drawing, judged by its core alone: a cheap test that most candidates fail."""
    scale = camera.focal_px / thing.z
    middle, half = camera.centre_px + scale * (thing.x - camera.x), scale * of_class.half_width
    foot = camera.horizon_px + scale * camera.height
    core = middle - half, foot - scale * of_class.height, middle + half, foot
    if core[0] < 0 or core[2] > size[0] or foot > size[1]:
        return False
    area = (core[2] - core[0]) * (core[3] - core[1])
    return all(_intersection(core, box_of(other, camera)) < _MAX_CORE_COVERED * area for other in things)


def _is_inside(faces: Sequence[Face], size: tuple[int, int]) -> bool:
    x0, y0, x1, y1 = bounds(faces)
    return min(x0, y0, size[0] - x1, size[1] - y1) >= _MARGIN_PX


def _all_visible(masks: list[BoolArray]) -> bool:
    """Return whether no silhouette shares more than `_MAX_COVERED` of its pixels with the others."""
    once = np.zeros_like(masks[0])
    shared = np.zeros_like(masks[0])
    for mask in masks:
        shared |= once & mask
        once |= mask
    return all(np.count_nonzero(mask & shared) <= _MAX_COVERED * np.count_nonzero(mask) for mask in masks)


def _iou(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> float:
    intersection = _intersection(first, second)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return intersection / (sum(areas) - intersection)


def _intersection(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(width, 0.0) * max(height, 0.0)
