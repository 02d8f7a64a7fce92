"""One number that a network reached on the test images."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """One number: `metric` of `class_name` ("all" for all classes), over `n` images (all), true boxes or true pixels.

    `value` lies in [0, 1], higher is better; None where there is nothing that could be found.
    """

    metric: str
    class_name: str
    value: float | None
    n: int
