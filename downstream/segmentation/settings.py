"""What a segmenter is trained with: one setting for all fusers of a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from fusion.errors import InputError, unknown_name

IMAGENET = "imagenet"
Normalisation = Literal["fused", "imagenet"]


@dataclass(frozen=True)
class SegmenterSettings:
    """A segmentation network and its schedule.

    Args:
        model: an architecture of segmentation_models_pytorch, such as "DeepLabV3Plus" or "Unet".
        encoder: one of its encoders, such as "resnet34" or "mobilenet_v2".
        encoder_weights: start weights of the encoder: a `.safetensors` file; "imagenet", which downloads those that
            segmentation_models_pytorch names; None starts from random weights.
        epochs: passes over the training images.
        batch_size: images a step; batch normalisation needs at least 2.
        crop: sides of the training crops in pixels.
        learning_rate: of AdamW at the start; it falls to 0 as (1 - progress)^0.9.
        weight_decay: of AdamW.
        normalisation: mean and deviation that images are scaled by: those of the "fused" training images, or of
            "imagenet".
        workers: threads that load images.

    Raises:
        InputError: the weights are not at hand, or a value is out of range.
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
    workers: int = 4

    def __post_init__(self) -> None:
        if self.encoder_weights not in (None, IMAGENET) and not Path(str(self.encoder_weights)).is_file():
            raise InputError(
                f"{self.encoder_weights}: no such file; give segmenter.encoder_weights=FILE (.safetensors), "
                f"{IMAGENET}, or None to start from random weights"
            )
        if self.encoder_weights not in (None, IMAGENET) and Path(str(self.encoder_weights)).suffix != ".safetensors":
            raise InputError(f"{self.encoder_weights}: start weights of a segmenter are read from .safetensors alone")
        if min(self.epochs, self.workers) < 1 or self.batch_size < 2 or self.crop < 32 or self.crop % 32:
            raise InputError(
                f"segmenter epochs={self.epochs} batch_size={self.batch_size} workers={self.workers} "
                f"crop={self.crop}; expected epochs and workers >= 1, batch_size >= 2, crop a multiple of 32"
            )
        if self.learning_rate <= 0 or self.weight_decay < 0:
            raise InputError(
                f"segmenter learning_rate={self.learning_rate} weight_decay={self.weight_decay}; expected a rate "
                "above 0, a decay of 0 or more"
            )
        if self.normalisation not in get_args(Normalisation):
            raise unknown_name("normalisation", self.normalisation, get_args(Normalisation))
