"""People, motorcycles, bicycles and street lamps, drawn as flat cut-outs that face the camera."""

from __future__ import annotations

from pipelines.sample.faces import Face, Material, Pose, cut_out, round_cut_out
from pipelines.sample.scene import Thing

_SKIN = Material((0.86, 0.66, 0.53), 1.0)
_HAIR = Material((0.3, 0.2, 0.13), 0.88)
_POST = Material((0.66, 0.68, 0.7), 0.8)
_TYRE = Material((0.08, 0.08, 0.09), 0.85)


def person(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a walking person, about 1.75 m tall."""
    coat, trousers = Material(thing.paint, 0.86), Material(thing.accent, 0.8)
    shoes = Material((0.2, 0.16, 0.14), 0.7)
    return [
        cut_out(pose, [(-0.13, 0.9), (0.02, 0.9), (-0.12, 0.06), (-0.3, 0.06)], trousers),
        cut_out(pose, [(-0.32, 0.0), (-0.1, 0.0), (-0.1, 0.09), (-0.3, 0.09)], shoes),
        cut_out(pose, [(-0.04, 0.9), (0.15, 0.9), (0.3, 0.06), (0.12, 0.06)], trousers),
        cut_out(pose, [(0.11, 0.0), (0.36, 0.0), (0.3, 0.09), (0.11, 0.09)], shoes),
        cut_out(pose, [(-0.2, 1.42), (-0.1, 1.45), (-0.25, 0.86), (-0.36, 0.86)], coat),
        cut_out(pose, [(0.1, 1.45), (0.2, 1.42), (0.36, 0.88), (0.26, 0.84)], coat),
        cut_out(pose, [(-0.18, 0.8), (0.18, 0.8), (0.21, 1.42), (0.1, 1.5), (-0.1, 1.5), (-0.21, 1.42)], coat),
        round_cut_out(pose, -0.31, 0.84, 0.06, _SKIN),
        round_cut_out(pose, 0.31, 0.84, 0.06, _SKIN),
        cut_out(pose, [(-0.07, 1.4), (0.07, 1.4), (0.07, 1.56), (-0.07, 1.56)], _SKIN),
        round_cut_out(pose, 0.0, 1.63, 0.145, _HAIR),
        round_cut_out(pose, 0.03, 1.6, 0.115, _SKIN),
    ]


def motorcycle(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a motorcycle with its rider, seen from the side."""
    tank, rider = Material(thing.paint, 0.76), Material(thing.accent, 0.84)
    hub = Material((0.7, 0.71, 0.73), 0.6)
    wheels = [
        face
        for s in (-0.78, 0.78)
        for face in (round_cut_out(pose, s, 0.34, 0.36, _TYRE), round_cut_out(pose, s, 0.34, 0.2, hub))
    ]
    return [
        *wheels,
        cut_out(pose, [(-0.45, 0.3), (0.4, 0.3), (0.45, 0.62), (-0.45, 0.62)], Material((0.3, 0.3, 0.32), 1.0)),
        cut_out(pose, [(-1.15, 0.3), (-0.4, 0.28), (-0.4, 0.38), (-1.15, 0.42)], Material((0.75, 0.75, 0.77), 1.0)),
        cut_out(pose, [(0.7, 0.34), (0.84, 0.34), (0.58, 1.12), (0.46, 1.08)], Material((0.6, 0.6, 0.63), 0.74)),
        cut_out(pose, [(-1.0, 0.74), (-0.5, 0.58), (0.5, 0.6), (0.62, 0.95), (0.1, 1.0), (-0.2, 0.84)], tank),
        cut_out(
            pose, [(-0.45, 0.86), (0.0, 0.8), (0.22, 0.55), (0.12, 0.3), (0.3, 0.3), (0.42, 0.62), (0.1, 1.0)], rider
        ),
        cut_out(pose, [(-0.45, 0.84), (0.0, 0.9), (0.22, 1.38), (0.0, 1.5), (-0.22, 1.4)], rider),
        cut_out(pose, [(0.0, 1.42), (0.12, 1.3), (0.6, 1.06), (0.62, 1.16), (0.18, 1.44)], rider),
        round_cut_out(pose, 0.12, 1.6, 0.17, Material(thing.paint, 0.95)),
        cut_out(pose, [(0.14, 1.56), (0.29, 1.56), (0.27, 1.68), (0.14, 1.68)], Material((0.12, 0.13, 0.16), 0.88)),
        round_cut_out(pose, 0.68, 0.98, 0.1, Material((1.0, 0.96, 0.82), 0.95, glows=True)),
    ]


def bicycle(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a parked bicycle, seen from the side."""
    frame, bar = Material(thing.paint, 0.84), Material((0.72, 0.73, 0.75), 0.8)
    saddle, spokes = Material((0.16, 0.14, 0.13), 0.9), Material((0.7, 0.71, 0.73), 0.56)
    wheels = [
        round_cut_out(pose, s, 0.37, radius, material)
        for s in (-0.6, 0.6)
        for radius, material in ((0.38, _TYRE), (0.28, spokes), (0.07, _TYRE))
    ]
    return [
        *wheels,
        cut_out(pose, [(-0.62, 0.32), (0.02, 0.32), (0.02, 0.42), (-0.62, 0.42)], frame),
        cut_out(pose, [(-0.66, 0.38), (-0.56, 0.34), (-0.12, 0.84), (-0.26, 0.84)], frame),
        cut_out(pose, [(-0.06, 0.32), (0.08, 0.32), (-0.14, 0.98), (-0.26, 0.98)], frame),
        cut_out(pose, [(-0.02, 0.34), (0.1, 0.32), (0.52, 0.86), (0.44, 0.94)], frame),
        cut_out(pose, [(-0.22, 0.78), (0.46, 0.82), (0.46, 0.93), (-0.22, 0.89)], frame),
        cut_out(pose, [(0.55, 0.34), (0.66, 0.38), (0.48, 1.12), (0.36, 1.1)], frame),
        cut_out(pose, [(0.34, 1.06), (0.66, 1.1), (0.66, 1.2), (0.34, 1.18)], bar),
        cut_out(pose, [(-0.4, 0.96), (-0.04, 0.99), (-0.06, 1.08), (-0.4, 1.08)], saddle),
    ]


def lamp(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a street lamp, 3.8 m tall, with a lit lantern on top."""
    lantern = Material(thing.paint, 1.0, glows=True)
    return [
        cut_out(pose, [(-0.2, 0.0), (0.2, 0.0), (0.13, 0.5), (-0.13, 0.5)], _POST),
        cut_out(pose, [(-0.1, 0.4), (0.1, 0.4), (0.08, 2.95), (-0.08, 2.95)], _POST),
        cut_out(pose, [(-0.24, 2.88), (0.24, 2.88), (0.24, 3.0), (-0.24, 3.0)], _POST),
        cut_out(pose, [(-0.24, 3.0), (0.24, 3.0), (0.42, 3.62), (-0.42, 3.62)], lantern),
        cut_out(pose, [(-0.46, 3.6), (0.46, 3.6), (0.12, 3.86), (-0.12, 3.86)], Material((0.5, 0.52, 0.55), 0.9)),
    ]
