"""What a metric is: its function, definition, direction, and the images it can measure. Does not import torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from fusion.metrics.triplet import Triplet

MOST_PIXELS = 11_000_000  # so that n * sum of squares is exact in 64-bit integers


@dataclass(frozen=True)
class Metric:
    """A metric under one convention.

    Args:
        name: of the metric.
        location: function that computes it, as "module.function" of `fusion.metrics`; imported on the first call.
        definition: what is computed, as a phrase.
        higher_is_better: the direction.
        smallest_side: smaller images are refused.
    """

    name: str
    location: str
    definition: str
    higher_is_better: bool = True
    smallest_side: int = 2

    @property
    def function(self) -> Callable[[Triplet], Tensor]:
        """The function that computes the metric."""
        module, _, name = self.location.partition(".")
        function: Callable[[Triplet], Tensor] = getattr(import_module(f"fusion.metrics.{module}"), name)
        return function

    def reason_to_leave_out(self, height: int, width: int) -> str:
        """Return in a few words why an image of this size has no value, or "" if it has one."""
        if height * width > MOST_PIXELS:
            return f"more than {MOST_PIXELS} pixels"
        return f"a side below {self.smallest_side} pixels" if min(height, width) < self.smallest_side else ""

    def __call__(self, images: Triplet) -> Tensor:
        """Compute the metric of a batch of B triplets; (B,) float64.

        Raises:
            ValueError: the images are smaller than `smallest_side`.
        """
        if min(images.height, images.width) < self.smallest_side:
            found, expected = f"{images.width}x{images.height}", f"{self.smallest_side}x{self.smallest_side}"
            raise ValueError(
                f"images are too small for {self.name} (found {found} pixels, expected at least {expected})"
            )
        return self.function(images)
