"""What a detector is trained with: one setting for all fusers of a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fusion.errors import InputError

_OF_OTHER_TRAININGS = {"resume", "distill_model"}  # arguments that name a checkpoint, which ultralytics unpickles


@dataclass(frozen=True)
class DetectorSettings:
    """A YOLO and its schedule.

    Args:
        model: an architecture of ultralytics, such as "yolov8n.yaml", or the path of a YAML file.
        weights: start weights, a `.safetensors` or `.pt` file; None starts from random weights. Never downloaded.
        epochs: passes over the training images; the weights of the last epoch are scored, nothing is selected.
        image_size: longer side in pixels, a multiple of 32.
        batch_size: images a step.
        optimizer: "SGD", "Adam", "AdamW", ...
        learning_rate: at the start.
        workers: processes that load images; 0 loads in the main process.
        extra: further arguments of ultralytics' trainer by its own names, such as {"mosaic": 0.0}.

    Raises:
        InputError: the weights are not at hand, a number is out of range, the model is no YAML file (anything else
            ultralytics would unpickle), or an extra argument would go on from another training.
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
                f"{self.weights}: no such file, and weights are never downloaded; give detector.weights=FILE "
                "(.safetensors or .pt), or detector.weights=None to start from random weights"
            )
        if not self.model.endswith((".yaml", ".yml")):
            raise InputError(f"detector.model={self.model!r}; expected a .yaml (weights go to detector.weights)")
        for name in _OF_OTHER_TRAININGS & self.extra.keys():
            raise InputError(f"detector.extra.{name}: not allowed; start weights go to detector.weights")
        if self.epochs < 1 or self.batch_size < 1 or self.image_size < 32 or self.image_size % 32:
            raise InputError(
                f"detector epochs={self.epochs} batch_size={self.batch_size} image_size={self.image_size}; "
                "expected epochs and batch_size >= 1, image_size a multiple of 32"
            )
