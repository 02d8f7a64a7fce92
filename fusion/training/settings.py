"""The settings of a training, which can be checked before torch is imported.

`Schedule` has epochs, batches and the learning rate by progress; `LossWeights` has the terms of the loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from fusion.devices import has_bfloat16
from fusion.errors import InputError, unknown_name
from fusion.interventions import HOLE_SIDE

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "bfloat16"]
PrecisionChoice = Precision | Literal["auto"]
Decay = Literal["constant", "cosine"]
Form = Literal["detail", "paper"]
_WARM_UP = 0.02  # fraction of all steps


@dataclass(frozen=True)
class Schedule:
    """How long and on what the network is trained.

    Args:
        epochs: passes over the training pairs.
        batch_size: crops per step.
        crop: side of the square crops in pixels.
        learning_rate: of Adam with default betas.
        decay: "cosine" increases the learning rate over the first 2 % of the steps (warm-up) and decreases it to 0
            along half a cosine; "constant" is the paper's.
        interventions_from: fraction of the epochs that run the standard pass only, before the interventions start; 0
            is the paper's.
        validation: fraction of the pairs that is held out to select the best epoch.
        seed: of initial weights, held-out pairs, order, crops and masks.
        precision: "bfloat16" runs convolutions in bfloat16 autocast, about twice as fast on hardware that supports it
            and many times slower elsewhere; "auto" uses it where the device supports it.
        checkpoint_s: seconds between two checkpoints within an epoch.

    Raises:
        InputError: a value is unknown or out of range.
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
        ranges = {
            "epochs": (self.epochs >= 1, "1 or more"),
            "batch_size": (self.batch_size >= 1, "1 or more"),
            "crop": (self.crop >= HOLE_SIDE, f"{HOLE_SIDE} or more"),
            "validation": (0 < self.validation < 1, "more than 0 and less than 1"),
            "learning_rate": (self.learning_rate > 0, "more than 0"),
            "interventions_from": (0 <= self.interventions_from <= 1, "0 to 1"),
        }
        for name, (is_valid, expected) in ranges.items():
            if not is_valid:
                raise InputError(f"schedule.{name}={getattr(self, name)}: out of range (expected {expected})")
        for name, known in (("precision", ("auto", *get_args(Precision))), ("decay", get_args(Decay))):
            if getattr(self, name) not in known:
                raise unknown_name(name, getattr(self, name), known)

    def precision_on(self, device: torch.device) -> Precision:
        """Return the precision to train with on `device`, which resolves "auto"."""
        if self.precision == "auto":
            return "bfloat16" if has_bfloat16(device) else "float32"
        return self.precision

    def rate(self, progress: float) -> float:
        """Return the learning rate after a fraction `progress` of all steps.

        Example:
            >>> schedule = Schedule(learning_rate=1e-3, decay="cosine")
            >>> [f"{schedule.rate(progress):.1e}" for progress in (0, 0.01, 0.02, 0.5, 1)]
            ['5.0e-05', '5.5e-04', '1.0e-03', '5.0e-04', '0.0e+00']
        """
        if self.decay == "constant":
            return self.learning_rate
        return self.learning_rate * min(1.0, (progress + 1e-3) / _WARM_UP) * (1 + math.cos(math.pi * progress)) / 2


@dataclass(frozen=True)
class LossWeights:
    """The weights of the loss terms: total = fusion + invariance * L_inv + necessity_sign * necessity * L_nec.

    Paper and released code contradict each other on two signs. The defaults are those of the released code.

    Args:
        form: of the fusion term, "detail" (`detail_loss`) or "paper" (`fusion_loss`).
        information: weight of `information_loss`, the information in the sources that is not visible in the fused
            image; it is added to the fusion term of either form and to that of a student. 0 omits it.
        edges: weight of the gradient part inside the paper's fusion term (lambda_1).
        invariance: weight of the invariance term (alpha); 0 omits it.
        necessity: weight of the necessity term (beta); 0 omits it.
        gate_target: mean opening towards which each gate is pulled (eta).
        entropy_sign: +1 pushes gates towards 0 or 1 (text of the paper), -1 away from them (released code).
        task: weight of the loss of a critic, if the network is trained with one.
        necessity_sign: +1 makes single-modality outputs similar to the fused one (formula and released code), -1 makes
            them different (text of the paper).

    Raises:
        InputError: an unknown form, or a negative weight of the information or the task.
    """

    form: Form = "detail"
    information: float = 0.0
    edges: float = 1.0
    invariance: float = 0.1
    necessity: float = 0.05
    gate_target: float = 0.3
    entropy_sign: float = -1.0
    necessity_sign: float = 1.0
    task: float = 0.1

    def __post_init__(self) -> None:
        if self.form not in get_args(Form):
            raise unknown_name("form of the fusion term", self.form, get_args(Form))
        for name in ("information", "task"):
            if getattr(self, name) < 0:
                raise InputError(f"loss.{name}={getattr(self, name)}: out of range (expected 0 or more)")
