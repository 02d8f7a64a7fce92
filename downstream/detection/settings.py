"""How a detector is trained; the same settings for every fuser of a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fusion.errors import InputError

_CHECKPOINT_ARGUMENTS = ("resume", "distill_model")  # each names a checkpoint, which ultralytics would unpickle


@dataclass(frozen=True)
class DetectorSettings:
    """A YOLO and its training schedule.

    Attributes:
        model: an architecture of ultralytics, such as "yolov8n.yaml", or the path of a YAML file.
        weights: pretrained weights, a `.safetensors` or `.pt` file; None starts from random weights. Never downloaded.
        epochs: passes over the training images; the weights of the last epoch are scored, no epoch is selected.
        image_size: longer side of the input in pixels, a multiple of 32.
        batch_size: images per mini-batch.
        optimizer: "SGD", "Adam", "AdamW", ...
        learning_rate: at the start.
        workers: processes that load images; 0 loads in the main process.
        extra: further arguments of ultralytics' trainer by their own names, such as {"mosaic": 0.0}.

    Raises:
        InputError: the weights do not exist, a number is out of range, the model is not a YAML file (ultralytics would
            unpickle anything else), or an extra argument names a checkpoint to continue from.
    """

    model: str = "yolov8n.yaml"
    weights: str | None = None
    epochs: int = 300
    image_size: int = 640
    batch_size: int = 16
    optimizer: str = "SGD"
    learning_rate: float = 0.01
    workers: int = 2
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.weights is not None and not Path(self.weights).is_file():
            raise InputError(
                f"{self.weights}: no such file (named by detector.weights; weights are never downloaded). "
                "Try: detector.weights=FILE (.safetensors or .pt), or detector.weights=None for random weights"
            )
        if not self.model.endswith((".yaml", ".yml")):
            raise InputError(
                f"detector.model={self.model!r}: not an architecture (expected a .yaml file). "
                "Try: detector.weights=FILE for weights"
            )
        for name in _CHECKPOINT_ARGUMENTS:
            if name in self.extra:
                raise InputError(f"detector.extra.{name}: not allowed. Try: detector.weights=FILE for weights")
        for name, value, valid, expected in (
            ("epochs", self.epochs, self.epochs >= 1, "at least 1"),
            ("batch_size", self.batch_size, self.batch_size >= 1, "at least 1"),
            ("image_size", self.image_size, self.image_size >= 32 and not self.image_size % 32, "a multiple of 32"),
        ):
            if not valid:
                raise InputError(f"detector.{name}={value}: out of range (expected {expected})")
