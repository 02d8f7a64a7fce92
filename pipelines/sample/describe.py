"""Make up a street scene: its light, its surroundings, and objects that leave each other in sight."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from pipelines.sample.choices import KINDS, Habits, pick_light, pick_shown_by
from pipelines.sample.faces import Face, bounds, silhouette
from pipelines.sample.scene import Block, BoolArray, Camera, Kind, Light, Rgb, Scene, Thing, Tree
from pipelines.sample.shapes import faces_of

_FEWEST, _MOST = 4, 8
_MOST_IOU = 0.2
_MOST_COVERED = 0.2  # of a silhouette, by all others together
_MARGIN_PX = 2.0
_WALLS: tuple[Rgb, ...] = (
    (0.47, 0.33, 0.28), (0.42, 0.4, 0.38), (0.5, 0.44, 0.35), (0.34, 0.38, 0.43), (0.44, 0.36, 0.36),
)  # fmt: skip


def describe_scene(rng: np.random.Generator, size: tuple[int, int]) -> Scene:
    """Make up one scene for images of `size` = (width, height) pixels; equal generators give equal scenes."""
    light = pick_light(rng)
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
    things = _things(rng, light, camera, size)
    return Scene(
        size,
        light,
        camera,
        things=tuple(sorted(things, key=lambda thing: -thing.z)),
        blocks=tuple(sorted(blocks, key=lambda block: -block.z_near)),
        trees=tuple(sorted(trees, key=lambda tree: -tree.z)),
        texture_seed=int(rng.integers(2**31)),
    )


@lru_cache(maxsize=64)
def box_of(thing: Thing, camera: Camera) -> tuple[int, int, int, int]:
    """Give the label box x0, y0, x1, y1 of an object in whole pixels, all of its silhouette inside."""
    x0, y0, x1, y1 = bounds(faces_of(thing, camera))
    return int(np.floor(x0)), int(np.floor(y0)), int(np.ceil(x1)), int(np.ceil(y1))


def _things(rng: np.random.Generator, light: Light, camera: Camera, size: tuple[int, int]) -> list[Thing]:
    """Place objects by trial: one that leaves the image or hides another too much is drawn again."""
    count = rng.integers(_FEWEST, _MOST + 1)
    things: list[Thing] = []
    masks: list[BoolArray] = []
    while len(things) < count:
        thing = _thing(rng, light, camera, size)
        if not _is_in_view(thing, camera, size):
            continue
        faces = faces_of(thing, camera)
        if not _is_inside(faces, size):
            continue
        box = box_of(thing, camera)
        if any(_iou(box, box_of(other, camera)) > _MOST_IOU for other in things):
            continue
        mask = silhouette(faces, size)
        if _leave_sight([*masks, mask]):
            things.append(thing)
            masks.append(mask)
    return things


def _thing(rng: np.random.Generator, light: Light, camera: Camera, size: tuple[int, int]) -> Thing:
    names = list(KINDS)
    kind: Kind = names[rng.choice(len(names), p=[habits.share for habits in KINDS.values()])]
    habits: Habits = KINDS[kind]
    # Evenly spread on a logarithmic scale: far objects are smaller, and there are more of them.
    low, high = (np.log(pixels * size[1] / 256) for pixels in habits.height_px)
    z = camera.focal_px * habits.height / float(np.exp(rng.uniform(low, high)))
    x = rng.choice([-1.0, 1.0]) * rng.uniform(*habits.off_axis)
    yaw = float(rng.choice(habits.yaws)) + rng.uniform(-habits.turn, habits.turn)
    shown_by = pick_shown_by(rng, kind, light)
    paints = habits.bright if shown_by == "visible" else habits.bright + habits.muted
    paint, accent = (paints[rng.integers(len(paints))] for _ in range(2))
    return Thing(kind, shown_by, float(x), z, yaw, paint, accent)


def _blocks(rng: np.random.Generator, side: float) -> list[Block]:
    blocks, z = [], rng.uniform(9, 13)
    while z < 75:
        depth, x_near = rng.uniform(7, 13), side * rng.uniform(9.3, 10.2)
        wall = _WALLS[rng.integers(len(_WALLS))]
        height = rng.uniform(5, 13)
        blocks.append(Block(x_near, x_near + side * 9, z, z + depth, height, wall, int(rng.integers(2**31))))
        z += depth + rng.choice([0.0, 2.5])
    return blocks


def _is_in_view(thing: Thing, camera: Camera, size: tuple[int, int]) -> bool:
    """Tell cheaply whether the middle of an object can be in the image: most candidates fail here already."""
    scale = camera.focal_px / thing.z
    centre_px = camera.centre_px + scale * (thing.x - camera.x)
    margin_px = scale * KINDS[thing.kind].half_width
    return margin_px < centre_px < size[0] - margin_px and camera.horizon_px + scale * camera.height < size[1]


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
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return shared / (sum(areas) - shared)
