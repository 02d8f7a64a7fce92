"""Make up a street scene: its light, its camera, its surroundings and its objects."""

from __future__ import annotations

import numpy as np

from pipelines.sample.choices import pick_light
from pipelines.sample.m3fd_street import M3FD_STREET
from pipelines.sample.placing import place_things
from pipelines.sample.scene import Block, Camera, Rgb, Scene, Tree
from pipelines.sample.street import Street

_WALLS: tuple[Rgb, ...] = (
    (0.47, 0.33, 0.28), (0.42, 0.4, 0.38), (0.5, 0.44, 0.35), (0.34, 0.38, 0.43), (0.44, 0.36, 0.36),
)  # fmt: skip


def describe_scene(rng: np.random.Generator, size: tuple[int, int], street: Street = M3FD_STREET) -> Scene:
    """Make up one scene for images of `size` = (width, height) pixels; equal generators give equal scenes.

    `street` says which classes of objects stand on it; everything else is the same on every street.
    """
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
    things = place_things(rng, street, light, camera, size)
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
