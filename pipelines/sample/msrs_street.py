"""The street of the sample in MSRS layout: eight classes, five of which only one of the cameras ever shows."""

from __future__ import annotations

from math import pi

from pipelines.sample.scene import Rgb
from pipelines.sample.street import ANY_WAY, WAYS_TO_BE_SEEN, Habits, Street

MSRS_CLASSES = ("background", "car", "person", "bike", "curve", "car_stop", "guardrail", "color_cone", "bump")
_ONLY_INFRARED, _ONLY_VISIBLE = (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
_YELLOW: Rgb = (0.98, 0.84, 0.22)
_CONCRETE: tuple[Rgb, ...] = ((0.94, 0.93, 0.89), (0.84, 0.87, 0.92))

_KINDS = {
    "car": Habits(
        share=0.1, height=1.5, half_width=0.9, height_px=(22, 54), off_axis=(0.5, 5.2),
        yaws=ANY_WAY, turn=0.35, shown=(0.4, 0.28, 0.32),
    ),
    # In dark clothes before a dark street: only its warmth tells.
    "person": Habits(
        share=0.11, height=1.75, half_width=0.2, height_px=(36, 98), off_axis=(0.0, 8.5),
        yaws=(0.0, pi), turn=0.3, shown=_ONLY_INFRARED,
    ),
    "bike": Habits(
        share=0.11, height=1.2, half_width=0.7, height_px=(26, 62), off_axis=(0.0, 7.0),
        yaws=(0.0, pi), turn=0.4, shown=(0.4, 0.3, 0.3),
    ),
    # Yellow, where the lines of the street itself are white; and as warm as the street that it is on.
    "curve": Habits(
        share=0.19, height=0.1, half_width=0.3, height_px=(2.0, 2.9), off_axis=(0.2, 3.6),
        yaws=(0.0,), turn=0.15, shown=_ONLY_VISIBLE,
        bright=(_YELLOW, (0.98, 0.72, 0.2)), muted=(),
    ),
    "car_stop": Habits(
        share=0.18, height=0.28, half_width=0.8, height_px=(7, 13), off_axis=(2.2, 7.2),
        yaws=(0.0,), turn=0.35, shown=(0.4, 0.3, 0.3),
        bright=_CONCRETE, muted=(),
    ),
    # Grey steel before a grey street, warmer than it.
    "guardrail": Habits(
        share=0.12, height=0.95, half_width=0.9, height_px=(15, 25), off_axis=(3.8, 6.4),
        yaws=(pi / 2, -pi / 2), turn=0.12, shown=_ONLY_INFRARED,
    ),
    "color_cone": Habits(
        share=0.1, height=1.0, half_width=0.25, height_px=(28, 54), off_axis=(0.0, 7.0),
        yaws=(0.0,), turn=0.0, shown=_ONLY_VISIBLE,
        bright=((0.99, 0.5, 0.12), (0.98, 0.42, 0.16)), muted=(),
    ),
    "bump": Habits(
        share=0.09, height=0.12, half_width=1.3, height_px=(2.8, 4.8), off_axis=(0.4, 3.4),
        yaws=(0.0,), turn=0.06, shown=_ONLY_VISIBLE,
        bright=(_YELLOW,), muted=(),
    ),
}  # fmt: skip

MSRS_STREET = Street(_KINDS, fewest=6, most=10)
ONLY_SHOWN_BY: dict[str, str] = {
    kind: WAYS_TO_BE_SEEN[habits.shown.index(1.0)] for kind, habits in _KINDS.items() if 1.0 in habits.shown
}
