"""Normalise images by the mean and standard deviation of their colours."""

from __future__ import annotations

from statistics import fmean
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from downstream.segmentation.labelled_images import LabelledImages

_SMALLEST_DEVIATION = 1 / 255


class ImageStatistics(NamedTuple):
    """Mean and standard deviation of red, green and blue, maybe also of infrared, of values in [0, 1]."""

    mean: list[float]
    deviation: list[float]

    def scale(self, images: Tensor) -> Tensor:
        """Normalise (B, C, H, W) float32 in [0, 1]: subtract the mean, divide by the standard deviation."""
        mean, deviation = (torch.tensor(values, device=images.device).view(-1, 1, 1) for values in self)
        return (images - mean) / deviation


IMAGENET_STATISTICS = ImageStatistics([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def imagenet_statistics(channels: int) -> ImageStatistics:
    """Return those of ImageNet for three channels; a fourth one gets the mean over the three."""
    extended = ([*values, fmean(values)] for values in IMAGENET_STATISTICS)
    return IMAGENET_STATISTICS if channels == 3 else ImageStatistics(*extended)


def measure_statistics(images: LabelledImages) -> ImageStatistics:
    """Compute mean and standard deviation over all pixels of all images.

    Computed from histograms of integers, so the result does not depend on the order of the images. The standard
    deviation is at least 1/255, for images of one colour.

    Raises:
        InputError: as `LabelledImages.read`.
    """
    channels = range(images.channels)
    counts = np.zeros((len(channels), 256), np.int64)
    for index in tqdm(range(len(images)), desc="mean and standard deviation", unit="image", leave=False):
        pixels, _ = images.read(index)
        counts += np.stack([np.bincount(pixels[..., channel].reshape(-1), minlength=256) for channel in channels])
    levels, pixels_in_all = np.arange(256) / 255, counts.sum(axis=1)
    mean = counts @ levels / pixels_in_all
    variance = counts @ levels**2 / pixels_in_all - mean**2
    deviation = np.sqrt(variance.clip(_SMALLEST_DEVIATION**2))
    return ImageStatistics(mean.tolist(), deviation.tolist())
