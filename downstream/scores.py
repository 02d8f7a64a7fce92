"""The record of one score; a module of its own because detection and segmentation do not import each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """One value of one metric on the test images.

    Attributes:
        metric: name of the metric, such as "mAP50" or "IoU".
        class_name: the class, or "all" for a value over all classes.
        value: in [0, 1], higher is better; None where the metric is undefined, because there is nothing to find.
        n: number of images if `class_name` is "all", else number of ground-truth boxes or pixels of the class.
    """

    metric: str
    class_name: str
    value: float | None
    n: int
