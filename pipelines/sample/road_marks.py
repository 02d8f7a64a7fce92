"""Paint on the road: curved lane marks and striped speed bumps, at the temperature of the street.

Their place z is their far edge: whatever stands on them is nearer and is painted over them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.sample.faces import Face, Look, Pose
from pipelines.sample.scene import Rgb, Thing

_STREET_HEAT = 0.24
_LINE_HALF, _LINE_LENGTH, _LINE_BEND = 0.3, 4.6, 2.0
_BUMP_HALF, _BUMP_HEIGHT = 1.5, 0.12
_BUMP_FOOT, _BUMP_RISE, _BUMP_FAR = 1.0, 0.62, 0.14  # w of the slope's foot, its upper edge, the top's far edge
_BLACK: Rgb = (0.1, 0.1, 0.11)


def curve(thing: Thing, pose: Pose) -> list[Face]:
    """List the one face of a broad lane line that bends from straight ahead towards the nearer kerb."""
    bend = np.copysign(_LINE_BEND, thing.x)
    line = [(bend * share**2, _LINE_LENGTH * share) for share in np.linspace(0, 1, 10).tolist()]
    edges = [[(s + side, 0.0, w) for s, w in line] for side in (-_LINE_HALF, _LINE_HALF)]
    return [Face((pose.to_pixels([*edges[0], *edges[1][::-1]]),), Look(thing.paint, _STREET_HEAT))]


def bump(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a low ridge across a lane, striped in its paint and black."""
    faces = []
    steps = np.linspace(-_BUMP_HALF, _BUMP_HALF, 12).tolist()  # two of paint, one of black
    for paint, starts, ends in ((thing.paint, steps[0::3], steps[2::3]), (_BLACK, steps[2:-1:3], steps[3::3])):
        spans = list(zip(starts, ends, strict=True))
        slope, top = _shaded(paint, 0.86), _shaded(paint, 1.0)
        faces.append(_ridge_side(pose, spans, (0.0, _BUMP_FOOT), (_BUMP_HEIGHT, _BUMP_RISE), slope))
        faces.append(_ridge_side(pose, spans, (_BUMP_HEIGHT, _BUMP_RISE), (_BUMP_HEIGHT, _BUMP_FAR), top))
    return faces


def _ridge_side(
    pose: Pose, spans: Sequence[tuple[float, float]], low: tuple[float, float], high: tuple[float, float], look: Look
) -> Face:
    """Give one face of stripes that run from `low` to `high`, both (y, w), within each span of s."""
    stripes = [[(a, *low), (b, *low), (b, *high), (a, *high)] for a, b in spans]
    return Face(tuple(pose.outlines(stripes)), look)


def _shaded(paint: Rgb, shade: float) -> Look:
    red, green, blue = paint
    return Look((red * shade, green * shade, blue * shade), _STREET_HEAT)
