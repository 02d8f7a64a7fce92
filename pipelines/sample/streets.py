"""The two kinds of streets: their object classes, and for each class its size, position, colours and visibility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi

from pipelines.sample.scene import Rgb, ShownBy

SHOWN_BY: tuple[ShownBy, ...] = ("both", "infrared", "visible")
_ANY_YAW = (pi / 2, pi / 2, -pi / 2, -pi / 2, 0.0, pi)  # mostly along the road

_BRIGHT_PAINT: tuple[Rgb, ...] = (
    (0.96, 0.96, 0.94), (0.98, 0.82, 0.2), (0.62, 0.85, 0.97), (0.97, 0.66, 0.3), (0.7, 0.94, 0.76), (0.98, 0.7, 0.68),
)  # fmt: skip
_MUTED_PAINT: tuple[Rgb, ...] = ((0.86, 0.2, 0.17), (0.16, 0.38, 0.78), (0.15, 0.58, 0.4))
_YELLOW: Rgb = (0.98, 0.84, 0.22)
_CONCRETE: tuple[Rgb, ...] = ((0.94, 0.93, 0.89), (0.84, 0.87, 0.92))


@dataclass(frozen=True)
class ObjectClass:
    """How the objects of a class are drawn at random.

    Args:
        share: probability of the class among the candidates; wide objects are rejected more often for lack of room.
        height: in metres. Together with `height_px` it determines the distance; a flat class has a nominal height.
        half_width: in metres, the least extent to either side in the image plane.
        height_px: range of heights in an image of 256 rows.
        lateral_offset: range of distances from the middle of the road in metres, to either side.
        yaws: in radians, one is drawn.
        yaw_jitter: in radians, added to or subtracted from it.
        shown_by: weights of `SHOWN_BY`.
        bright: colours that differ from the street in brightness.
        muted: colours that differ from the street in hue only; never used for objects that only the visible camera
            shows.
    """

    share: float
    height: float
    half_width: float
    height_px: tuple[float, float]
    lateral_offset: tuple[float, float]
    yaws: tuple[float, ...]
    yaw_jitter: float
    shown_by: tuple[float, float, float]
    bright: tuple[Rgb, ...] = _BRIGHT_PAINT
    muted: tuple[Rgb, ...] = _MUTED_PAINT


@dataclass(frozen=True)
class Street:
    """The object classes of a street by name, and the range of the number of objects in a scene."""

    classes: Mapping[str, ObjectClass]
    min_objects: int
    max_objects: int


# Six classes, most of them large and upright.
_M3FD = {
    # A padded coat at air temperature is invisible in infrared; darkness hides the others from the visible camera.
    "People": ObjectClass(
        share=0.18, height=1.75, half_width=0.2, height_px=(26, 95), lateral_offset=(0.0, 8.5),
        yaws=(0.0, pi), yaw_jitter=0.3, shown_by=(0.4, 0.42, 0.18),
    ),
    # A vehicle that has been parked for hours is as cold as the street.
    "Car": ObjectClass(
        share=0.245, height=1.5, half_width=0.9, height_px=(18, 56), lateral_offset=(0.5, 5.2),
        yaws=_ANY_YAW, yaw_jitter=0.35, shown_by=(0.4, 0.28, 0.32),
    ),
    "Bus": ObjectClass(
        share=0.195, height=3.1, half_width=1.2, height_px=(34, 82), lateral_offset=(1.5, 5.0),
        yaws=_ANY_YAW, yaw_jitter=0.35, shown_by=(0.42, 0.3, 0.28),
    ),
    "Motorcycle": ObjectClass(
        share=0.13, height=1.7, half_width=0.7, height_px=(28, 80), lateral_offset=(0.0, 6.5),
        yaws=(0.0, pi), yaw_jitter=0.5, shown_by=(0.42, 0.34, 0.24),
    ),
    # LEDs emit light without heat; a lamp that has just been switched off is dark and warm.
    "Lamp": ObjectClass(
        share=0.075, height=3.85, half_width=0.4, height_px=(50, 108), lateral_offset=(5.9, 7.4),
        yaws=(0.0,), yaw_jitter=0.0, shown_by=(0.38, 0.14, 0.48),
        bright=((1.0, 0.93, 0.72), (0.97, 0.97, 1.0)), muted=(),
    ),
    "Truck": ObjectClass(
        share=0.175, height=3.2, half_width=1.1, height_px=(34, 80), lateral_offset=(1.5, 5.0),
        yaws=_ANY_YAW, yaw_jitter=0.35, shown_by=(0.42, 0.3, 0.28),
    ),
}  # fmt: skip
M3FD_STREET = Street(_M3FD, min_objects=4, max_objects=8)

# Eight classes, five of which are only ever shown by one of the cameras.
MSRS_CLASSES = ("background", "car", "person", "bike", "curve", "car_stop", "guardrail", "color_cone", "bump")
_ONLY_INFRARED, _ONLY_VISIBLE = (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
_MSRS = {
    "car": ObjectClass(
        share=0.1, height=1.5, half_width=0.9, height_px=(22, 54), lateral_offset=(0.5, 5.2),
        yaws=_ANY_YAW, yaw_jitter=0.35, shown_by=(0.4, 0.28, 0.32),
    ),
    # Dark clothes in front of a dark street: only the heat is visible.
    "person": ObjectClass(
        share=0.11, height=1.75, half_width=0.2, height_px=(36, 98), lateral_offset=(0.0, 8.5),
        yaws=(0.0, pi), yaw_jitter=0.3, shown_by=_ONLY_INFRARED,
    ),
    "bike": ObjectClass(
        share=0.11, height=1.2, half_width=0.7, height_px=(26, 62), lateral_offset=(0.0, 7.0),
        yaws=(0.0, pi), yaw_jitter=0.4, shown_by=(0.4, 0.3, 0.3),
    ),
    # Yellow, unlike the white lines of the street itself, and as warm as the street.
    "curve": ObjectClass(
        share=0.19, height=0.1, half_width=0.3, height_px=(2.0, 2.9), lateral_offset=(0.2, 3.6),
        yaws=(0.0,), yaw_jitter=0.15, shown_by=_ONLY_VISIBLE,
        bright=(_YELLOW, (0.98, 0.72, 0.2)), muted=(),
    ),
    "car_stop": ObjectClass(
        share=0.18, height=0.28, half_width=0.8, height_px=(7, 13), lateral_offset=(2.2, 7.2),
        yaws=(0.0,), yaw_jitter=0.35, shown_by=(0.4, 0.3, 0.3),
        bright=_CONCRETE, muted=(),
    ),
    # Grey steel in front of a grey street, but warmer.
    "guardrail": ObjectClass(
        share=0.12, height=0.95, half_width=0.9, height_px=(15, 25), lateral_offset=(3.8, 6.4),
        yaws=(pi / 2, -pi / 2), yaw_jitter=0.12, shown_by=_ONLY_INFRARED,
    ),
    "color_cone": ObjectClass(
        share=0.1, height=1.0, half_width=0.25, height_px=(28, 54), lateral_offset=(0.0, 7.0),
        yaws=(0.0,), yaw_jitter=0.0, shown_by=_ONLY_VISIBLE,
        bright=((0.99, 0.5, 0.12), (0.98, 0.42, 0.16)), muted=(),
    ),
    "bump": ObjectClass(
        share=0.09, height=0.12, half_width=1.3, height_px=(2.8, 4.8), lateral_offset=(0.4, 3.4),
        yaws=(0.0,), yaw_jitter=0.06, shown_by=_ONLY_VISIBLE,
        bright=(_YELLOW,), muted=(),
    ),
}  # fmt: skip
MSRS_STREET = Street(_MSRS, min_objects=6, max_objects=10)
ONLY_SHOWN_BY: dict[str, str] = {
    name: SHOWN_BY[of_class.shown_by.index(1.0)] for name, of_class in _MSRS.items() if 1.0 in of_class.shown_by
}
