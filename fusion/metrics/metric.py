"""What is known of a metric, apart from its value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from fusion.metrics.triplet import Triplet


@dataclass(frozen=True)
class Metric:
    """A metric under one convention.

    `function` gives (B,) float64; `definition` says in a phrase what is computed; images with a side below
    `smallest_side` pixels are refused.
    """

    name: str
    function: Callable[[Triplet], Tensor]
    definition: str
    higher_is_better: bool = True
    smallest_side: int = 2

    def __call__(self, images: Triplet) -> Tensor:
        """Compute the metric.

        Raises:
            ValueError: the images are too small for it.
        """
        if min(images.height, images.width) < self.smallest_side:
            size, least = f"{images.width}x{images.height}", f"{self.smallest_side}x{self.smallest_side}"
            raise ValueError(f"{self.name}: images of {size} pixels; expected at least {least}")
        return self.function(images)
