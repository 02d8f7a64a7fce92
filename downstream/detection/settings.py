"""How a detector is trained; the same settings for every fuser of a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from downstream.conditions import Precision, PrecisionChoice, choose_precision, require_precision
from downstream.detection.extra import require_honoured
from fusion.devices import has_bfloat16
from fusion.errors import InputError, unknown_name

if TYPE_CHECKING:
    import torch

OPTIMIZERS = ("Adam", "Adamax", "AdamW", "MuSGD", "NAdam", "RAdam", "RMSprop", "SGD")  # "auto" sets the learning rate


@dataclass(frozen=True)
class DetectorSettings:
    """A YOLO and its training schedule.

    Attributes:
        model: an architecture of ultralytics, such as "yolov8n.yaml", or the path of a YAML file.
        weights: pretrained weights, a `.safetensors` or `.pt` file; None starts from random weights. Never downloaded.
        epochs: passes over the training images; the weights of the last epoch are scored, no epoch is selected.
        image_size: longer side of the input in pixels, a multiple of 32.
        batch_size: images per mini-batch.
        optimizer: one of `OPTIMIZERS`.
        learning_rate: at the start, at most 1.
        workers: processes that load images on a GPU; 0 loads in the main process, as a CPU always does. The number, at
            most that of the CPU cores per GPU, decides the result: each process draws its own random numbers and makes
            its mosaics of the images that it has loaded.
        precision: "bfloat16" and "float16" train in autocast, the latter with scaled gradients and on a GPU only;
            "auto" is bfloat16 on devices with instructions for it, float16 on other GPUs, float32 on other CPUs.
            Predictions are in float32.
        albumentations: whether images are also blurred, turned grey or equalised, each with 1 %, by the package of that
            name, which must be installed. ultralytics itself does so wherever it is installed.
        extra: further arguments of ultralytics' trainer by their own names, such as {"mosaic": 0.0}; only those that a
            training honours, which `extra.py` lists.

    Raises:
        InputError: the weights do not exist, a number is out of range, the model is not a YAML file (ultralytics would
            unpickle anything else), the optimizer or the precision is unknown, albumentations is missing, or a
            training would not honour an extra argument.
    """

    model: str = "yolov8n.yaml"
    weights: str | None = None
    epochs: int = 300
    image_size: int = 640
    batch_size: int = 16
    optimizer: str = "SGD"
    learning_rate: float = 0.01
    workers: int = 2
    precision: PrecisionChoice = "auto"
    albumentations: bool = False
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
        if self.optimizer not in OPTIMIZERS:
            raise unknown_name("detector.optimizer", self.optimizer, OPTIMIZERS)
        require_precision("detector.precision", self.precision)
        if self.albumentations and find_spec("albumentations") is None:
            raise InputError(
                "detector.albumentations=True: missing package albumentations. Try: pip install albumentations"
            )
        require_honoured(self.extra)
        for name, value, valid, expected in (
            ("epochs", self.epochs, self.epochs >= 1, "at least 1"),
            ("batch_size", self.batch_size, self.batch_size >= 1, "at least 1"),
            ("image_size", self.image_size, self.image_size >= 32 and not self.image_size % 32, "a multiple of 32"),
            ("learning_rate", self.learning_rate, 0 < self.learning_rate <= 1, "above 0 and at most 1"),
            ("workers", self.workers, self.workers >= 0, "0 or more"),
        ):
            if not valid:
                raise InputError(f"detector.{name}={value}: out of range (expected {expected})")

    def precision_on(self, device: torch.device) -> Precision:
        """Return the precision to train with on `device`, which resolves "auto".

        Raises:
            InputError: the precision is not available there.
        """
        return choose_precision("detector.precision", self.precision, device, has_bfloat16(device))
