"""How long and on what a fusion network is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch

from fusion.devices import has_bfloat16
from fusion.errors import InputError, unknown_name
from fusion.interventions import HOLE_SIDE

Precision = Literal["float32", "bfloat16"]
PrecisionChoice = Precision | Literal["auto"]
Decay = Literal["constant", "cosine"]
_WARM_UP = 0.02


@dataclass(frozen=True)
class Schedule:
    """How long and on what the network is trained.

    Args:
        epochs: passes over the training pairs.
        batch_size: crops a step.
        crop: side of the square crops in pixels.
        learning_rate: of Adam with default betas.
        decay: "cosine" lets the rate rise over the first fiftieth of the steps and fall to 0 along half a cosine;
            "constant" is the paper's.
        interventions_from: fraction of the epochs that run the standard pass alone, before the interventions set in; 0
            is the paper's.
        validation: fraction of the pairs held out to choose the best epoch.
        seed: decides initial weights, held-out pairs, order, crops and masks.
        precision: "bfloat16" runs convolutions in bf16 autocast, about twice as fast where the device has it and many
            times slower where not; "auto" looks.
        checkpoint_s: seconds between two checkpoints inside an epoch.

    Raises:
        InputError: a value is outside its range.
    """

    epochs: int = 50
    batch_size: int = 16
    crop: int = 256
    learning_rate: float = 1e-4
    decay: Decay = "constant"
    interventions_from: float = 0.0
    validation: float = 0.1
    seed: int = 0
    precision: PrecisionChoice = "float32"
    checkpoint_s: float = 60.0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1 or self.crop < HOLE_SIDE or not 0 < self.validation < 1:
            raise InputError(
                f"epochs={self.epochs} batch_size={self.batch_size} crop={self.crop} validation={self.validation}; "
                f"expected epochs and batch_size >= 1, crop >= {HOLE_SIDE}, 0 < validation < 1"
            )
        for name, known in (("precision", ("auto", *get_args(Precision))), ("decay", get_args(Decay))):
            if getattr(self, name) not in known:
                raise unknown_name(name, getattr(self, name), known)
        if not self.learning_rate > 0:
            raise InputError(f"learning_rate={self.learning_rate}; expected more than 0")
        if not 0 <= self.interventions_from <= 1:
            raise InputError(f"interventions_from={self.interventions_from}; expected 0 to 1")

    def precision_on(self, device: torch.device) -> Precision:
        """Say which precision a device trains with."""
        if self.precision == "auto":
            return "bfloat16" if has_bfloat16(device) else "float32"
        return self.precision

    def rate(self, progress: float) -> float:
        """Give the learning rate after a fraction of all steps."""
        if self.decay == "constant":
            return self.learning_rate
        return self.learning_rate * min(1.0, (progress + 1e-3) / _WARM_UP) * (1 + math.cos(math.pi * progress)) / 2
