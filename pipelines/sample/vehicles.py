"""Cars, buses and trucks as solids: paint and glass for the visible camera, engine and tyres for the infrared one."""

from __future__ import annotations

from pipelines.sample.faces import Face, Material, Pose
from pipelines.sample.scene import Rgb, Thing
from pipelines.sample.solids import Solid

_GLASS = Material((0.2, 0.27, 0.34), 0.38)
_TYRE = Material((0.07, 0.07, 0.08), 0.92)
_HUB = Material((0.72, 0.72, 0.74), 0.78)
_HEADLIGHT = Material((1.0, 0.97, 0.84), 0.95, glows=True)
_TAIL_LIGHT = Material((0.95, 0.13, 0.1), 0.72, glows=True)
_PLATE = Material((0.9, 0.9, 0.82), 0.6)
_GRILLE = Material((0.1, 0.1, 0.11), 1.0)
_EXHAUST = Material((0.2, 0.2, 0.2), 1.0)


def car(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a small car with a raised cabin."""
    body, engine = _painted(thing.paint, 0.94, 0.68), _painted(thing.paint, 1.06, 0.9)
    profile = [
        (-1.9, 0.28), (1.9, 0.28), (1.95, 0.72), (1.0, 0.9), (0.45, 1.45), (-1.05, 1.48), (-1.65, 0.92), (-1.95, 0.88),
    ]  # fmt: skip
    roof, front = _painted(thing.paint, 1.1, 0.66), _painted(thing.paint, 0.9, 0.86)
    back = _painted(thing.paint, 0.88, 0.7)
    solid = Solid(profile, 1.75, body, [body, front, engine, _GLASS, roof, _GLASS, roof, back])
    solid.add_side_panel([(-1.35, 0.93), (-0.4, 0.93), (-0.4, 1.38), (-1.0, 1.38)], _GLASS)
    solid.add_side_panel([(-0.25, 0.93), (0.78, 0.93), (0.4, 1.36), (-0.25, 1.38)], _GLASS)
    for axle in (-1.2, 1.2):
        solid.add_wheel(axle, 0.36, _TYRE, _HUB)
    _add_lights(solid, 1.95, 0.58, 0.16)
    solid.add_end_panel(1.94, True, (0.34, 0.52), (-0.4, 0.4), _GRILLE)
    solid.add_end_panel(-1.94, False, (0.4, 0.56), (-0.3, 0.3), _PLATE)
    solid.add_end_panel(-1.93, False, (0.28, 0.38), (0.35, 0.6), _EXHAUST)
    return solid.faces(pose)


def bus(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a city bus: one long box with a band of windows, warm from the passengers."""
    body, band = _painted(thing.paint, 0.95, 0.68), _painted(thing.accent, 0.9, 0.84)
    roof = _painted(thing.paint, 1.1, 0.5)
    window, screen = Material((0.2, 0.27, 0.34), 0.42), Material((0.18, 0.23, 0.3), 0.4)
    profile = [(-3.6, 0.35), (3.6, 0.35), (3.65, 1.2), (3.5, 3.1), (-3.5, 3.1), (-3.65, 2.9)]
    solid = Solid(profile, 2.4, body, [body, body, body, roof, roof, body])
    solid.add_side_panel([(-3.6, 0.85), (3.6, 0.85), (3.6, 1.2), (-3.6, 1.2)], band)
    for start in (-3.35, -2.25, -1.15, -0.05, 1.05):
        solid.add_side_panel([(start, 1.55), (start + 0.95, 1.55), (start + 0.95, 2.6), (start, 2.6)], window)
    solid.add_side_panel([(2.25, 0.5), (3.2, 0.5), (3.2, 2.6), (2.25, 2.6)], screen)
    for axle in (-2.3, 1.75):
        solid.add_wheel(axle, 0.5, _TYRE, _HUB)
    sign = Material((1.0, 0.72, 0.2), 0.7, glows=True)
    solid.add_end_panel(3.66, True, (1.3, 2.5), (-1.05, 1.05), screen)
    solid.add_end_panel(3.66, True, (2.62, 2.95), (-0.8, 0.8), sign)
    solid.add_end_panel(-3.66, False, (1.8, 2.7), (-0.95, 0.95), window)
    solid.add_end_panel(-3.66, False, (0.55, 1.2), (-0.8, 0.8), Material((0.18, 0.18, 0.19), 1.0))
    _add_lights(solid, 3.67, 0.75, 0.22)
    return solid.faces(pose)


def truck(thing: Thing, pose: Pose) -> list[Face]:
    """List the faces of a truck: a low cab in front of a tall cool box, with a gap between them."""
    cab_side, cab_front = _painted(thing.accent, 0.95, 0.88), _painted(thing.accent, 0.9, 0.94)
    load, load_top = _painted(thing.paint, 0.92, 0.58), _painted(thing.paint, 1.08, 0.5)
    load_end = _painted(thing.paint, 0.84, 0.6)
    box = Solid([(-3.2, 0.75), (1.15, 0.75), (1.15, 3.2), (-3.2, 3.2)], 2.3, load, [load, load_end, load_top, load_end])
    stripe = _painted(thing.accent, 1.0, 0.66)
    box.add_side_panel([(-3.2, 1.1), (1.15, 1.1), (1.15, 1.4), (-3.2, 1.4)], stripe)
    for low, high in ((-1.05, -0.05), (0.05, 1.05)):
        box.add_end_panel(-3.21, False, (0.95, 3.05), (low, high), _painted(thing.paint, 0.98, 0.58))
    chassis = Material((0.12, 0.12, 0.13), 0.82)
    box.add_side_panel([(-3.2, 0.55), (1.6, 0.55), (1.6, 0.78), (-3.2, 0.78)], chassis)
    box.add_end_panel(-3.22, False, (0.5, 0.78), (-1.1, 1.1), chassis)
    for axle in (-2.5, -1.5):
        box.add_wheel(axle, 0.48, _TYRE, _HUB)
    profile = [(1.55, 0.45), (3.2, 0.45), (3.25, 1.3), (2.85, 2.35), (1.55, 2.4)]
    cab = Solid(profile, 2.2, cab_side, [cab_side, cab_front, _GLASS, cab_front, cab_side])
    cab.add_side_panel([(1.9, 1.4), (2.95, 1.4), (2.68, 2.15), (1.9, 2.15)], _GLASS)
    cab.add_wheel(2.35, 0.48, _TYRE, _HUB)
    cab.add_end_panel(3.26, True, (0.6, 1.15), (-0.55, 0.55), _GRILLE)
    _add_lights(cab, 3.27, 0.75, 0.22)
    _add_lights(box, 3.23, 0.8, 0.2, front=False)
    parts = sorted([(pose.depth(-1.0), box), (pose.depth(2.4), cab)], key=lambda item: -item[0])
    return [face for _, solid in parts for face in solid.faces(pose)]


def _add_lights(solid: Solid, reach: float, y: float, size: float, front: bool = True) -> None:
    """Add headlights at the front, unless `front` is false, and tail lights at the back."""
    outer = solid.width / 2 - 0.05
    for low, high in ((-outer, -outer + 2 * size), (outer - 2 * size, outer)):
        if front:
            solid.add_end_panel(reach, True, (y, y + size), (low, high), _HEADLIGHT)
        solid.add_end_panel(-reach, False, (y, y + size), (low, high), _TAIL_LIGHT)


def _painted(paint: Rgb, shade: float, heat: float) -> Material:
    red, green, blue = (min(1.0, shade * level) for level in paint)
    return Material((red, green, blue), heat)
