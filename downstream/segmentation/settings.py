"""How a segmenter is trained; the same settings for every fuser of a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from downstream.conditions import Precision, PrecisionChoice, choose_precision, require_precision
from fusion.devices import has_bfloat16
from fusion.errors import InputError, unknown_name

if TYPE_CHECKING:
    import torch

IMAGENET = "imagenet"
Normalisation = Literal["fused", "imagenet"]


@dataclass(frozen=True)
class SegmenterSettings:
    """A segmentation network and its training schedule.

    Attributes:
        model: an architecture of segmentation_models_pytorch, such as "DeepLabV3Plus" or "Unet".
        encoder: one of its encoders, such as "resnet34" or "mobilenet_v2".
        encoder_weights: pretrained weights of the encoder: a `.safetensors` file; "imagenet" downloads those that
            segmentation_models_pytorch lists; None starts from random weights.
        epochs: passes over the training images.
        batch_size: images per mini-batch; batch normalisation needs at least 2.
        crop: height and width of the training crops in pixels, a multiple of 32.
        learning_rate: of AdamW at the start; it decays to 0 as (1 - progress)^0.9.
        weight_decay: of AdamW.
        normalisation: whose mean and standard deviation images are normalised with: of the "fused" training images, or
            of "imagenet".
        precision: "bfloat16" and "float16" train and predict in autocast, the latter with scaled gradients; "auto" is
            bfloat16 on devices with instructions for it (with channels-last 2.4 times faster on two CPU cores with
            avx512_bf16), float16 on other GPUs, float32 on other CPUs.
        workers: threads that load images; their number decides nothing.

    Raises:
        InputError: the weights do not exist or have another format, or a value is out of range.
    """

    model: str = "DeepLabV3Plus"
    encoder: str = "resnet34"
    encoder_weights: str | None = None
    epochs: int = 100
    batch_size: int = 8
    crop: int = 384
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    normalisation: Normalisation = "fused"
    precision: PrecisionChoice = "auto"
    workers: int = 4

    def __post_init__(self) -> None:
        if self.encoder_weights not in (None, IMAGENET):
            _require_safetensors(Path(str(self.encoder_weights)))
        for name, value, valid, expected in (
            ("epochs", self.epochs, self.epochs >= 1, "at least 1"),
            ("workers", self.workers, self.workers >= 1, "at least 1"),
            ("batch_size", self.batch_size, self.batch_size >= 2, "at least 2, for batch normalisation"),
            ("crop", self.crop, self.crop >= 32 and not self.crop % 32, "a multiple of 32"),
            ("learning_rate", self.learning_rate, 0 < self.learning_rate < math.inf, "a number above 0"),
            ("weight_decay", self.weight_decay, 0 <= self.weight_decay < math.inf, "0 or more"),
        ):
            if not valid:
                raise InputError(f"segmenter.{name}={value}: out of range (expected {expected})")
        if self.normalisation not in get_args(Normalisation):
            raise unknown_name("segmenter.normalisation", self.normalisation, get_args(Normalisation))
        require_precision("segmenter.precision", self.precision)

    def precision_on(self, device: torch.device) -> Precision:
        """Return the precision to train with on `device`, which resolves "auto".

        Raises:
            InputError: the precision is not available there.
        """
        return choose_precision("segmenter.precision", self.precision, device, has_bfloat16(device))


def _require_safetensors(path: Path) -> None:
    remedy = f"Try: segmenter.encoder_weights=FILE (.safetensors), {IMAGENET}, or None for random weights"
    if not path.is_file():
        raise InputError(f"{path}: no such file (named by segmenter.encoder_weights). {remedy}")
    if path.suffix != ".safetensors":
        raise InputError(f"{path}: not a .safetensors file (named by segmenter.encoder_weights). {remedy}")
