"""Objects on and beside the road: guardrails, wheel stops, traffic cones, curved lane lines and speed bumps.

Lane lines and bumps lie flat and are as warm as the street. Their position z is their far edge, so that anything
standing on them is nearer and painted over them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.sample.faces import Face, Material, Pose, cut_out
from pipelines.sample.scene import Rgb, Thing
from pipelines.sample.solids import Solid

_RAIL_HALF = 5.0
_STEEL, _STEEL_GROOVE, _RAIL_POST = (
    Material((0.62, 0.64, 0.66), 0.72),
    Material((0.5, 0.52, 0.54), 0.56),
    Material((0.52, 0.54, 0.56), 0.84),
)
_REFLECTOR = Material((0.9, 0.16, 0.12), 0.88)
_RUBBER = Material((0.14, 0.14, 0.15), 0.24)
_BAND = Material((0.97, 0.97, 0.95), 0.24)

_STREET_HEAT = 0.24
_LINE_HALF, _LINE_LENGTH, _LINE_BEND = 0.3, 4.6, 2.0
_BUMP_HALF, _BUMP_HEIGHT = 1.5, 0.12
_BUMP_FOOT, _BUMP_RISE, _BUMP_FAR = (
    1.0,
    0.62,
    0.14,
)  # w of the foot and of the upper edge of the slope; far edge of the top
_BLACK: Rgb = (0.1, 0.1, 0.11)


def guardrail(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of ten metres of steel rail on posts."""
    beam = [(-_RAIL_HALF, 0.36), (_RAIL_HALF, 0.36), (_RAIL_HALF, 0.95), (-_RAIL_HALF, 0.95)]
    solid = Solid(beam, 0.12, _STEEL, [_STEEL] * 4)
    solid.add_side_panel(
        [(-_RAIL_HALF, 0.6), (_RAIL_HALF, 0.6), (_RAIL_HALF, 0.71), (-_RAIL_HALF, 0.71)], _STEEL_GROOVE
    )
    for s in (-4.6, -2.3, 0.0, 2.3, 4.6):
        solid.add_side_panel([(s - 0.15, 0.0), (s + 0.15, 0.0), (s + 0.15, 0.38), (s - 0.15, 0.38)], _RAIL_POST)
    return solid.faces(pose)


def wheel_stop(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a low block that stops the wheels of a parking car, with a reflector at either end."""
    side, top = Material(thing.paint, 0.7), Material(thing.paint, 0.62)
    profile = [(-0.95, 0.0), (0.95, 0.0), (0.86, 0.28), (-0.86, 0.28)]
    solid = Solid(profile, 0.45, side, [side, side, top, side])
    for low, high in ((-0.78, -0.42), (0.42, 0.78)):
        solid.add_side_panel([(low, 0.08), (high, 0.08), (high, 0.2), (low, 0.2)], _REFLECTOR)
    return solid.faces(pose)


def cone(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a traffic cone, 1 m tall with two white bands, as a cut-out that faces the camera."""
    body = Material(thing.paint, 0.24)
    return [
        cut_out(pose, [(-0.38, 0.0), (0.38, 0.0), (0.36, 0.09), (-0.36, 0.09)], _RUBBER),
        cut_out(pose, [(-0.28, 0.09), (0.28, 0.09), (0.06, 1.0), (-0.06, 1.0)], body),
        cut_out(pose, [(-0.22, 0.34), (0.22, 0.34), (0.176, 0.52), (-0.176, 0.52)], _BAND),
        cut_out(pose, [(-0.147, 0.64), (0.147, 0.64), (0.108, 0.8), (-0.108, 0.8)], _BAND),
    ]


def curve(thing: Thing, pose: Pose) -> list[Face]:
    """List the single face of a broad lane line that bends towards the nearer kerb."""
    bend = np.copysign(_LINE_BEND, thing.x)
    line = [(bend * share**2, _LINE_LENGTH * share) for share in np.linspace(0, 1, 10).tolist()]
    edges = [[(s + side, 0.0, w) for s, w in line] for side in (-_LINE_HALF, _LINE_HALF)]
    return [Face((pose.to_pixels([*edges[0], *edges[1][::-1]]),), Material(thing.paint, _STREET_HEAT))]


def bump(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a speed bump across a lane, striped in its paint and black."""
    faces = []
    steps = np.linspace(-_BUMP_HALF, _BUMP_HALF, 12).tolist()  # two of paint, one of black
    for paint, starts, ends in ((thing.paint, steps[0::3], steps[2::3]), (_BLACK, steps[2:-1:3], steps[3::3])):
        spans = list(zip(starts, ends, strict=True))
        slope, top = _shaded(paint, 0.86), _shaded(paint, 1.0)
        faces.append(_stripes(pose, spans, (0.0, _BUMP_FOOT), (_BUMP_HEIGHT, _BUMP_RISE), slope))
        faces.append(_stripes(pose, spans, (_BUMP_HEIGHT, _BUMP_RISE), (_BUMP_HEIGHT, _BUMP_FAR), top))
    return faces


def _stripes(
    pose: Pose,
    spans: Sequence[tuple[float, float]],
    low: tuple[float, float],
    high: tuple[float, float],
    material: Material,
) -> Face:
    """Return one face of stripes that run from `low` to `high`, both (y, w), one per span of s."""
    stripes = [[(a, *low), (b, *low), (b, *high), (a, *high)] for a, b in spans]
    return Face(tuple(pose.outlines(stripes)), material)


def _shaded(paint: Rgb, shade: float) -> Material:
    red, green, blue = paint
    return Material((red * shade, green * shade, blue * shade), _STREET_HEAT)
