"""How long and on what a fusion network is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fusion.errors import InputError
from fusion.interventions import HOLE_SIDE

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Schedule:
    """How long and on what the network is trained; the defaults are the paper's.

    Args:
        epochs: passes over the training pairs.
        batch_size: crops a step.
        crop: side of the square crops in pixels.
        learning_rate: of Adam with default betas.
        validation: fraction of the pairs held out to choose the best epoch.
        seed: decides initial weights, held-out pairs, order, crops and masks.
        precision: "bfloat16" runs convolutions in bf16 autocast, about twice as fast where the processor has it.
        checkpoint_s: seconds between two checkpoints inside an epoch.

    Raises:
        InputError: a value is outside its range.
    """

    epochs: int = 50
    batch_size: int = 16
    crop: int = 256
    learning_rate: float = 1e-4
    validation: float = 0.1
    seed: int = 0
    precision: Precision = "float32"
    checkpoint_s: float = 60.0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1 or self.crop < HOLE_SIDE or not 0 < self.validation < 1:
            raise InputError(
                f"epochs={self.epochs} batch_size={self.batch_size} crop={self.crop} validation={self.validation}; "
                f"expected epochs and batch_size >= 1, crop >= {HOLE_SIDE}, 0 < validation < 1"
            )
        if self.precision not in ("float32", "bfloat16"):
            raise InputError(f"precision={self.precision!r}; expected 'float32' or 'bfloat16'")
