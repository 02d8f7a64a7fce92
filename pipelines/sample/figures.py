"""People, motorcycles and street lamps as flat cut-outs that face the camera."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.sample.faces import Face, Look, Pose, disc
from pipelines.sample.scene import Thing

_SKIN = Look((0.86, 0.66, 0.53), 1.0)
_HAIR = Look((0.3, 0.2, 0.13), 0.88)
_POST = Look((0.66, 0.68, 0.7), 0.8)
_TYRE = Look((0.08, 0.08, 0.09), 0.85)


def person(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a walking person of about 1.75 m."""
    coat, trousers = Look(thing.paint, 0.86), Look(thing.accent, 0.8)
    shoes = Look((0.2, 0.16, 0.14), 0.7)
    return [
        _cut_out(pose, [(-0.13, 0.9), (0.02, 0.9), (-0.12, 0.06), (-0.3, 0.06)], trousers),
        _cut_out(pose, [(-0.32, 0.0), (-0.1, 0.0), (-0.1, 0.09), (-0.3, 0.09)], shoes),
        _cut_out(pose, [(-0.04, 0.9), (0.15, 0.9), (0.3, 0.06), (0.12, 0.06)], trousers),
        _cut_out(pose, [(0.11, 0.0), (0.36, 0.0), (0.3, 0.09), (0.11, 0.09)], shoes),
        _cut_out(pose, [(-0.2, 1.42), (-0.1, 1.45), (-0.25, 0.86), (-0.36, 0.86)], coat),
        _cut_out(pose, [(0.1, 1.45), (0.2, 1.42), (0.36, 0.88), (0.26, 0.84)], coat),
        _cut_out(pose, [(-0.18, 0.8), (0.18, 0.8), (0.21, 1.42), (0.1, 1.5), (-0.1, 1.5), (-0.21, 1.42)], coat),
        _round(pose, -0.31, 0.84, 0.06, _SKIN),
        _round(pose, 0.31, 0.84, 0.06, _SKIN),
        _cut_out(pose, [(-0.07, 1.4), (0.07, 1.4), (0.07, 1.56), (-0.07, 1.56)], _SKIN),
        _round(pose, 0.0, 1.63, 0.145, _HAIR),
        _round(pose, 0.03, 1.6, 0.115, _SKIN),
    ]


def motorcycle(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a motorcycle with its rider, seen from the side."""
    tank, rider = Look(thing.paint, 0.76), Look(thing.accent, 0.84)
    hub = Look((0.7, 0.71, 0.73), 0.6)
    wheels = [
        face for s in (-0.78, 0.78) for face in (_round(pose, s, 0.34, 0.36, _TYRE), _round(pose, s, 0.34, 0.2, hub))
    ]
    return [
        *wheels,
        _cut_out(pose, [(-0.45, 0.3), (0.4, 0.3), (0.45, 0.62), (-0.45, 0.62)], Look((0.3, 0.3, 0.32), 1.0)),
        _cut_out(pose, [(-1.15, 0.3), (-0.4, 0.28), (-0.4, 0.38), (-1.15, 0.42)], Look((0.75, 0.75, 0.77), 1.0)),
        _cut_out(pose, [(0.7, 0.34), (0.84, 0.34), (0.58, 1.12), (0.46, 1.08)], Look((0.6, 0.6, 0.63), 0.74)),
        _cut_out(pose, [(-1.0, 0.74), (-0.5, 0.58), (0.5, 0.6), (0.62, 0.95), (0.1, 1.0), (-0.2, 0.84)], tank),
        _cut_out(
            pose, [(-0.45, 0.86), (0.0, 0.8), (0.22, 0.55), (0.12, 0.3), (0.3, 0.3), (0.42, 0.62), (0.1, 1.0)], rider
        ),
        _cut_out(pose, [(-0.45, 0.84), (0.0, 0.9), (0.22, 1.38), (0.0, 1.5), (-0.22, 1.4)], rider),
        _cut_out(pose, [(0.0, 1.42), (0.12, 1.3), (0.6, 1.06), (0.62, 1.16), (0.18, 1.44)], rider),
        _round(pose, 0.12, 1.6, 0.17, Look(thing.paint, 0.95)),
        _cut_out(pose, [(0.14, 1.56), (0.29, 1.56), (0.27, 1.68), (0.14, 1.68)], Look((0.12, 0.13, 0.16), 0.88)),
        _round(pose, 0.68, 0.98, 0.1, Look((1.0, 0.96, 0.82), 0.95, glows=True)),
    ]


def lamp(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a street lamp of 3.8 m with a lit lantern on top."""
    lantern = Look(thing.paint, 1.0, glows=True)
    return [
        _cut_out(pose, [(-0.2, 0.0), (0.2, 0.0), (0.13, 0.5), (-0.13, 0.5)], _POST),
        _cut_out(pose, [(-0.1, 0.4), (0.1, 0.4), (0.08, 2.95), (-0.08, 2.95)], _POST),
        _cut_out(pose, [(-0.24, 2.88), (0.24, 2.88), (0.24, 3.0), (-0.24, 3.0)], _POST),
        _cut_out(pose, [(-0.24, 3.0), (0.24, 3.0), (0.42, 3.62), (-0.42, 3.62)], lantern),
        _cut_out(pose, [(-0.46, 3.6), (0.46, 3.6), (0.12, 3.86), (-0.12, 3.86)], Look((0.5, 0.52, 0.55), 0.9)),
    ]


def _cut_out(pose: Pose, corners_sy: Sequence[tuple[float, float]], look: Look) -> Face:
    return Face((pose.to_pixels([(s, y, 0.0) for s, y in corners_sy]),), look)


def _round(pose: Pose, s: float, y: float, radius: float, look: Look) -> Face:
    return Face((pose.to_pixels(disc(s, y, radius)),), look)
