"""The street itself as faces for both cameras: ground, lane markings, buildings and trees."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pipelines.sample.faces import Face, Material, Pose, disc
from pipelines.sample.scene import Block, Camera, FloatArray, Light, Scene, Tree
from pipelines.sample.solids import Corners

_FARTHEST = 400.0
_ROAD_HALF, _PAVEMENT_HALF = 5.6, 9.4
_GRASS = Material((0.3, 0.36, 0.24), 0.16)
_PAVEMENT = Material((0.46, 0.44, 0.42), 0.19)
_KERB = Material((0.56, 0.55, 0.52), 0.16)
_ASPHALT = Material((0.3, 0.31, 0.33), 0.24)
_MARKING = Material((0.74, 0.74, 0.7), 0.27)
_WINDOWS = {
    False: Material((0.22, 0.27, 0.33), 0.32),
    True: Material((0.86, 0.68, 0.36), 0.34, glows=True),
}  # by whether they are lit
_LIT_SHARE: dict[Light, float] = {"day": 0.0, "night": 0.35, "fog": 0.15}
_TRUNK, _LEAVES, _SUNNY_LEAVES = (
    Material((0.27, 0.2, 0.14), 0.17),
    Material((0.2, 0.33, 0.17), 0.13),
    Material((0.27, 0.42, 0.2), 0.14),
)


def street_faces(scene: Scene) -> list[tuple[float, Face]]:
    """List (distance in metres, face) of everything but the sky, in painting order."""
    camera = scene.camera
    faces = _ground(scene)
    standing = [(block.z_near, _block_faces(block, scene)) for block in scene.blocks]
    standing += [(tree.z, _tree_faces(tree, camera)) for tree in scene.trees]
    for z, parts in sorted(standing, key=lambda item: -item[0]):
        faces += [(z, face) for face in parts]
    return faces


def _ground(scene: Scene) -> list[tuple[float, Face]]:
    """Build the ground from strips across the view, far to near, so that haze can increase with distance."""
    camera = scene.camera
    nearest = 0.95 * camera.focal_px * camera.height / (scene.size[1] - camera.horizon_px)
    strips = [(float(far), float(near)) for far, near in pairwise(np.geomspace(_FARTHEST, nearest, 22))]
    line = _ROAD_HALF - 0.42, _ROAD_HALF - 0.25
    layers: list[tuple[list[tuple[float, float]], Material]] = [
        ([(-300.0, 300.0)], _GRASS),
        ([(-_PAVEMENT_HALF, _PAVEMENT_HALF)], _PAVEMENT),
        ([(-_ROAD_HALF - 0.25, _ROAD_HALF + 0.25)], _KERB),
        ([(-_ROAD_HALF, _ROAD_HALF)], _ASPHALT),
        ([line, (-line[1], -line[0])], _MARKING),
    ]
    faces = [face for spans, material in layers for span in spans for face in _flat(camera, span, strips, material)]
    dashes = [(z + 2.4, z) for z in np.arange(4.0, 90.0, 5.0)[::-1].tolist()]
    return faces + _flat(camera, (-0.1, 0.1), dashes, _MARKING)


def _flat(
    camera: Camera, span: tuple[float, float], strips: list[tuple[float, float]], material: Material
) -> list[tuple[float, Face]]:
    """Build the ground within a span of x, with one face per (far, near) strip of distance."""
    low, high = span
    quads: list[Corners] = [[(low, 0, near), (high, 0, near), (high, 0, far), (low, 0, far)] for far, near in strips]
    outlines = _outlines(camera, quads)
    return [(near, Face((outline,), material)) for outline, (_, near) in zip(outlines, strips, strict=True)]


def _block_faces(block: Block, scene: Scene) -> list[Face]:
    x, away, near = block.x_near, float(np.sign(block.x_near)), block.z_near
    walls = [_upright((x, x), (near, block.z_far), (0, block.height))]
    walls.append(_upright((x, block.x_far), (near, near), (0, block.height)))
    rng = np.random.default_rng(block.lit_seed)
    windows: dict[bool, list[Corners]] = {False: [], True: []}
    for floor in np.arange(1.0, block.height - 1.6, 2.4):
        y = (float(floor), float(floor) + 1.35)
        row = [_upright((x, x), (z, z + 1.2), y) for z in np.arange(near + 0.9, block.z_far - 1.4, 2.4)]
        row += [_upright((x + away * s, x + away * (s + 1.2)), (near, near), y) for s in np.arange(0.8, 7.5, 2.2)]
        for window in row:
            windows[bool(rng.random() < _LIT_SHARE[scene.light])].append(window)
    red, green, blue = block.wall
    long_side, gable = _outlines(scene.camera, walls)
    return [
        Face((long_side,), Material(block.wall, 0.25)),
        Face((gable,), Material((red * 0.8, green * 0.8, blue * 0.84), 0.2)),
        *(Face(_outlines(scene.camera, windows[lit]), material) for lit, material in _WINDOWS.items() if windows[lit]),
    ]


def _upright(x: tuple[float, float], z: tuple[float, float], y: tuple[float, float]) -> Corners:
    return [(x[0], y[0], z[0]), (x[1], y[0], z[1]), (x[1], y[1], z[1]), (x[0], y[1], z[0])]


def _outlines(camera: Camera, polygons: list[Corners]) -> tuple[FloatArray, ...]:
    """Project quadrilaterals given by their world coordinates."""
    x, y, z = np.array([corner for polygon in polygons for corner in polygon], np.float64).T
    return tuple(camera.project(x, y, z).reshape(-1, 4, 2))


def _tree_faces(tree: Tree, camera: Camera) -> list[Face]:
    pose = Pose(camera, tree.x, tree.z, 0.0)
    top = tree.height
    trunk = [(-0.13, 0.0, 0.0), (0.13, 0.0, 0.0), (0.09, top * 0.6, 0.0), (-0.09, top * 0.6, 0.0)]
    crown = [(0.0, 0.72, 0.3), (-0.2, 0.6, 0.2), (0.2, 0.62, 0.2)]
    leaves = [pose.to_pixels(disc(s * top, y * top, r * top * 0.9)) for s, y, r in crown]
    sunny = [pose.to_pixels(disc(s * top - 0.1, y * top + 0.15, r * top * 0.6)) for s, y, r in crown]
    return [
        Face((pose.to_pixels(trunk),), _TRUNK),
        *(Face((outline,), _LEAVES) for outline in leaves),
        *(Face((outline,), _SUNNY_LEAVES) for outline in sunny),
    ]
