"""The street of the sample in M3FD layout: its six classes, most of them large and upright."""

from __future__ import annotations

from math import pi

from pipelines.sample.street import ANY_WAY, Habits, Street

_KINDS = {
    # A padded coat at the temperature of the air hides from infrared; darkness hides the rest from the eye.
    "People": Habits(
        share=0.18, height=1.75, half_width=0.2, height_px=(26, 95), off_axis=(0.0, 8.5),
        yaws=(0.0, pi), turn=0.3, shown=(0.4, 0.42, 0.18),
    ),
    # Parked for hours, a vehicle is as cold as the street.
    "Car": Habits(
        share=0.245, height=1.5, half_width=0.9, height_px=(18, 56), off_axis=(0.5, 5.2),
        yaws=ANY_WAY, turn=0.35, shown=(0.4, 0.28, 0.32),
    ),
    "Bus": Habits(
        share=0.195, height=3.1, half_width=1.2, height_px=(34, 82), off_axis=(1.5, 5.0),
        yaws=ANY_WAY, turn=0.35, shown=(0.42, 0.3, 0.28),
    ),
    "Motorcycle": Habits(
        share=0.13, height=1.7, half_width=0.7, height_px=(28, 80), off_axis=(0.0, 6.5),
        yaws=(0.0, pi), turn=0.5, shown=(0.42, 0.34, 0.24),
    ),
    # Diodes give light without warmth; a lamp just switched off is dark and warm.
    "Lamp": Habits(
        share=0.075, height=3.85, half_width=0.4, height_px=(50, 108), off_axis=(5.9, 7.4),
        yaws=(0.0,), turn=0.0, shown=(0.38, 0.14, 0.48),
        bright=((1.0, 0.93, 0.72), (0.97, 0.97, 1.0)), muted=(),
    ),
    "Truck": Habits(
        share=0.175, height=3.2, half_width=1.1, height_px=(34, 80), off_axis=(1.5, 5.0),
        yaws=ANY_WAY, turn=0.35, shown=(0.42, 0.3, 0.28),
    ),
}  # fmt: skip

M3FD_STREET = Street(_KINDS, fewest=4, most=8)
