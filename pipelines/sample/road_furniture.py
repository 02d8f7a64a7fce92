"""What stands fixed beside and on the road: guardrails, wheel stops, traffic cones."""

from __future__ import annotations

from pipelines.sample.faces import Face, Look, Pose, cut_out
from pipelines.sample.scene import Thing
from pipelines.sample.solids import Solid

_RAIL_HALF = 5.0
_STEEL, _STEEL_GROOVE, _RAIL_POST = (
    Look((0.62, 0.64, 0.66), 0.72),
    Look((0.5, 0.52, 0.54), 0.56),
    Look((0.52, 0.54, 0.56), 0.84),
)
_REFLECTOR = Look((0.9, 0.16, 0.12), 0.88)
_RUBBER = Look((0.14, 0.14, 0.15), 0.24)
_BAND = Look((0.97, 0.97, 0.95), 0.24)


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
    side, top = Look(thing.paint, 0.7), Look(thing.paint, 0.62)
    profile = [(-0.95, 0.0), (0.95, 0.0), (0.86, 0.28), (-0.86, 0.28)]
    solid = Solid(profile, 0.45, side, [side, side, top, side])
    for low, high in ((-0.78, -0.42), (0.42, 0.78)):
        solid.add_side_panel([(low, 0.08), (high, 0.08), (high, 0.2), (low, 0.2)], _REFLECTOR)
    return solid.faces(pose)


def cone(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a traffic cone of 1 m with two white bands, as a cut-out that faces the camera."""
    body = Look(thing.paint, 0.24)
    return [
        cut_out(pose, [(-0.38, 0.0), (0.38, 0.0), (0.36, 0.09), (-0.36, 0.09)], _RUBBER),
        cut_out(pose, [(-0.28, 0.09), (0.28, 0.09), (0.06, 1.0), (-0.06, 1.0)], body),
        cut_out(pose, [(-0.22, 0.34), (0.22, 0.34), (0.176, 0.52), (-0.176, 0.52)], _BAND),
        cut_out(pose, [(-0.147, 0.64), (0.147, 0.64), (0.108, 0.8), (-0.108, 0.8)], _BAND),
    ]
