"""The committed triplets of synthetic/, a generated triplet of realistic size, and measure() on them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from fusion.metrics import measure
from tests.fusion.metrics.plain_filters import Pixels

SYNTHETIC = Path(__file__).parent / "synthetic"
TRIPLETS = tuple(f"triplet_{number}" for number in range(1, 7))
BOTH = ("ir", "vi", "fused")


@cache
def read_grey(path: Path) -> Pixels:
    pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None, path
    return pixels.astype(np.uint8)


def read_triplet(name: str, roles: tuple[str, str, str] = BOTH) -> tuple[Pixels, Pixels, Pixels]:
    infrared, visible, fused = (read_grey(SYNTHETIC / f"{name}_{role}.png") for role in roles)
    return infrared, visible, fused


def make_triplet(height: int, width: int) -> tuple[Pixels, Pixels, Pixels]:
    """Two smooth random images and their mean with some noise, wide enough for five scales from 176 pixels on."""
    rng = np.random.default_rng(0)
    layers = [cv2.GaussianBlur(rng.random((height, width)), (0, 0), sigma) for sigma in (6, 2)]
    infrared, visible = ((layer - layer.min()) / (layer.max() - layer.min()) * 255 for layer in layers)
    fused = np.clip((infrared + visible) / 2 + rng.normal(0, 4, (height, width)), 0, 255)
    return np.uint8(infrared.round()), np.uint8(visible.round()), np.uint8(fused.round())


def as_batch(image: Pixels) -> Tensor:
    return torch.from_numpy(image)[None, None]


def measure_one(images: tuple[Pixels, Pixels, Pixels], metric: str, convention: str) -> float:
    infrared, visible, fused = (as_batch(image) for image in images)
    return measure(infrared, visible, fused, [metric], convention)[metric].item()
