"""Tiny labelled images on disk: red boxes on a blue background, which a network learns in seconds."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from downstream.datasets.masks import IGNORED, write_mask
from downstream.segmentation.labelled_images import Labelled
from downstream.segmentation.settings import SegmenterSettings

CLASSES = ("ground", "box", "absent")
SHARED_ENCODER = (
    Path(os.environ.get("STABLEFUSE_SHARED", ".")) / "weights" / "mobilenet_v2_imagenet_features.safetensors"
)
SMALL = {"encoder": "mobilenet_v2", "batch_size": 2, "crop": 32, "workers": 2}

needs_shared = pytest.mark.skipif("STABLEFUSE_SHARED" not in os.environ, reason="STABLEFUSE_SHARED is not set")


def small_settings(**values: object) -> SegmenterSettings:
    return SegmenterSettings(**{**SMALL, **values})


def write_labelled(folder: Path, stem: str, rgb: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8]) -> Labelled:
    labelled = Labelled(folder / "images" / f"{stem}.png", folder / "masks" / f"{stem}.png")
    labelled.image.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(labelled.image), rgb[..., ::-1])
    write_mask(labelled.mask, mask)
    return labelled


def write_scenes(folder: Path, count: int, height: int = 44, width: int = 60) -> list[Labelled]:
    """Draw one red box of class 1 per image on blue of class 0; the lowest two rows are ignored."""
    rng = np.random.default_rng(count)
    scenes = []
    for number in range(count):
        mask = np.zeros((height, width), np.uint8)
        top, left = rng.integers(0, height // 2), rng.integers(0, width // 2)
        mask[top : top + height // 2, left : left + width // 2] = 1
        rgb = np.where(mask[..., None] == 1, (200, 40, 40), (40, 40, 200)) + rng.integers(-30, 30, (height, width, 3))
        mask[-2:] = IGNORED
        scenes.append(write_labelled(folder, f"{number:02}", rgb.astype(np.uint8), mask))
    return scenes
