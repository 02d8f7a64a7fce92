"""Predict label masks with a trained segmenter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from downstream.datasets import Mask, write_mask
from downstream.segmentation.half_precision import autocast_for
from downstream.segmentation.labelled_images import Pixels, read_pixels
from downstream.segmentation.normalisation import ImageStatistics
from downstream.segmentation.segmenter import SIDE_MULTIPLE, SMALLEST_SIDE, untrained_segmenter
from fusion.errors import InputError
from fusion.interrupts import deferred_interrupt
from fusion.storage import load_state, load_tensors


def predict_masks(weights: Path, images: Sequence[Path], out_dir: Path, device: str) -> None:
    """Write `out_dir/STEM.png` for each image: the likeliest class number of every pixel, of the image's own size.

    Args:
        weights: `best.safetensors` of `train_segmenter`; nothing else is read, nothing is downloaded.
        images: of any size.
        out_dir: is made if needed.
        device: "cpu" or "cuda".

    Raises:
        InputError: the weights are broken or not of a segmenter, an image cannot be read, a mask cannot be written.
    """
    network, statistics = _load(weights)
    network = network.to(device).to(memory_format=torch.channels_last)
    with deferred_interrupt() as stop_if_asked:
        for path in tqdm(images, desc="predict", unit="image"):
            write_mask(out_dir / f"{path.stem}.png", segment(network, statistics, read_pixels(path)))
            stop_if_asked()


def segment(network: nn.Module, statistics: ImageStatistics, image: Pixels) -> Mask:
    """Give the likeliest class number of each pixel; small images and odd sides are reflected meanwhile.

    Args:
        network: from (B, 3, H, W) to logits; is left in evaluation mode.
        statistics: what it has seen images scaled by.
        image: (H, W, 3) uint8, RGB.

    Returns:
        (H, W) uint8.
    """
    height, width = image.shape[:2]
    more = [max(side + -side % SIDE_MULTIPLE, SMALLEST_SIDE) - side for side in (height, width)]
    padded = cv2.copyMakeBorder(image, 0, more[0], 0, more[1], cv2.BORDER_REFLECT_101)
    device = next(network.parameters()).device
    batch = torch.from_numpy(padded).to(device).permute(2, 0, 1).unsqueeze(0) / 255  # (1, 3, H, W), channels last
    network.eval()
    with torch.inference_mode(), autocast_for(device):
        logits = network(statistics.scale(batch))
    return np.asarray(logits[0, :, :height, :width].argmax(0).to(torch.uint8).cpu())


def _load(path: Path) -> tuple[nn.Module, ImageStatistics]:
    tensors, facts = load_tensors(path)
    try:
        model, encoder, classes = facts["segmenter"]["model"], facts["segmenter"]["encoder"], len(facts["classes"])
        statistics = ImageStatistics(**facts["statistics"])
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{path}: not the weights of a segmenter; expected best.safetensors of its training"
        ) from error
    network = untrained_segmenter(model, encoder, classes)
    load_state(network, tensors, path)
    return network, statistics
