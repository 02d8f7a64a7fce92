"""Predict label masks with a trained segmenter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from downstream.conditions import Precision, autocast_for, available_precisions
from downstream.datasets import Mask, write_mask
from downstream.segmentation.labelled_images import Pixels, read_pixels
from downstream.segmentation.normalisation import ImageStatistics
from downstream.segmentation.segmenter import SIDE_MULTIPLE, SMALLEST_SIDE, untrained_segmenter
from fusion.devices import has_bfloat16
from fusion.errors import InputError
from fusion.interrupts import deferred_interrupt
from fusion.storage import load_state, load_tensors


def predict_masks(weights: Path, images: Sequence[Path], out_dir: Path, device: str) -> None:
    """Predict the mask of each image and write it to `out_dir/STEM.png`, in the size of the image.

    The precision is that of the training; a CPU without instructions for it predicts in float32.

    Args:
        weights: `best.safetensors` of `train_segmenter`; nothing else is read and nothing is downloaded.
        images: image files of any size.
        out_dir: created if missing.
        device: "cpu" or "cuda".

    Raises:
        InputError: the weights are corrupt or not of a segmenter, an image cannot be read, or a mask cannot be written.
    """
    network, statistics, precision = load_segmenter(weights, device)
    with deferred_interrupt() as stop_if_asked:
        for path in tqdm(images, desc="predict", unit="image"):
            write_mask(out_dir / f"{path.stem}.png", segment(network, statistics, read_pixels(path), precision))
            stop_if_asked()


def predict_mean_masks(networks: Sequence[Path], images: Sequence[Sequence[Path]], out_dir: Path, device: str) -> None:
    """Predict masks by the mean of the class probabilities of several networks, each of which sees other images.

    Args:
        networks: weights, as for `predict_masks`.
        images: for every network its images, of the same stems and sizes in the same order.
        out_dir: as for `predict_masks`.
        device: likewise.

    Raises:
        InputError: as `predict_masks`, or the images of a scene differ in size.
    """
    loaded = [load_segmenter(weights, device) for weights in networks]
    with deferred_interrupt() as stop_if_asked:
        for paths in tqdm(list(zip(*images, strict=True)), desc="predict", unit="image"):
            pixels = [read_pixels(path) for path in paths]
            for path, one in zip(paths, pixels, strict=True):
                if one.shape[:2] != pixels[0].shape[:2]:
                    raise InputError(f"{path}: size differs from {paths[0]}")
            parts = [class_probabilities(*of, one) for of, one in zip(loaded, pixels, strict=True)]
            write_mask(out_dir / f"{paths[0].stem}.png", mean_mask(parts))
            stop_if_asked()


def mean_mask(probabilities: Sequence[Tensor]) -> Mask:
    """Return the class of the highest mean probability at each pixel.

    Args:
        probabilities: of two or more networks, (C, H, W) each, as from `class_probabilities`.

    Returns:
        (H, W) uint8 of class numbers 0..C-1.
    """
    return np.asarray(torch.stack(list(probabilities)).mean(0).argmax(0).to(torch.uint8).cpu())


def segment(network: nn.Module, statistics: ImageStatistics, image: Pixels, precision: Precision) -> Mask:
    """Predict the most likely class of each pixel.

    The image is padded by reflection to sides that the network accepts, and the logits are cropped again.

    Args:
        network: from (1, C', H', W') to logits (1, C, H', W'); left in evaluation mode.
        statistics: the normalisation that the network was trained with.
        image: (H, W, C') uint8 as the network takes it, of any size.
        precision: of the network.

    Returns:
        (H, W) uint8 of class numbers 0..C-1.
    """
    return np.asarray(_logits(network, statistics, precision, image).argmax(0).to(torch.uint8).cpu())


def class_probabilities(network: nn.Module, statistics: ImageStatistics, precision: Precision, image: Pixels) -> Tensor:
    """Predict the probability of every class at each pixel, (C, H, W) float32; arguments as for `segment`."""
    return _logits(network, statistics, precision, image).float().softmax(0)


def _logits(network: nn.Module, statistics: ImageStatistics, precision: Precision, image: Pixels) -> Tensor:
    """Compute logits (C, H, W)."""
    height, width = image.shape[:2]
    more = [max(side + -side % SIDE_MULTIPLE, SMALLEST_SIDE) - side for side in (height, width)]
    padded = cv2.copyMakeBorder(image, 0, more[0], 0, more[1], cv2.BORDER_REFLECT_101)
    device = next(network.parameters()).device
    batch = torch.from_numpy(padded).to(device).permute(2, 0, 1).unsqueeze(0) / 255  # (1, C', H, W), channels last
    network.eval()
    with torch.inference_mode(), autocast_for(device, precision):
        logits: Tensor = network(statistics.scale(batch))
        return logits[0, :, :height, :width]


def load_segmenter(weights: Path, device: str) -> tuple[nn.Module, ImageStatistics, Precision]:
    """Load a network, its normalisation and the precision that it predicts in; arguments as for `predict_masks`."""
    network, statistics, trained_in = _load(weights)
    place = torch.device(device)
    precision = trained_in if trained_in in available_precisions(place, has_bfloat16(place)) else "float32"
    return network.to(place).to(memory_format=torch.channels_last), statistics, precision


def _load(path: Path) -> tuple[nn.Module, ImageStatistics, Precision]:
    tensors, facts = load_tensors(path)
    try:
        model, encoder, precision = (facts["segmenter"][name] for name in ("model", "encoder", "precision"))
        classes = len(facts["classes"])
        statistics = ImageStatistics(**facts["statistics"])
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{path}: not the weights of a segmenter (expected best.safetensors of its training)"
        ) from error
    network = untrained_segmenter(model, encoder, classes, len(statistics.mean))
    load_state(network, tensors, path)
    return network, statistics, precision
