"""Training crops of a segmenter: the same window of image and mask, resized and flipped the same way."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import torch
from torch import Tensor

from downstream.datasets import IGNORED, Mask
from downstream.segmentation.labelled_images import LabelledImages, Pixels
from fusion.seeds import generator_for

_SMALLEST, _LARGEST = 0.5, 1.5  # scales
_CONTRAST, _BRIGHTNESS = 0.2, 0.1


class SegmentationCrops:
    """Batches of aligned random crops of images and their masks.

    Args:
        images: what to draw from.
        size: side of the square crops. Where an image ends, it is reflected and its mask says `IGNORED`.
        seed: with the number of a batch it decides every crop, whatever was drawn before.
        workers: threads that read and cut.
    """

    def __init__(self, images: LabelledImages, size: int, seed: int, workers: int) -> None:
        self._images, self._size, self._seed, self._workers = images, size, seed, workers

    def batch(self, indices: Sequence[int], number: int) -> tuple[Tensor, Tensor]:
        """Cut one crop of each image named by `indices`: scaled by 0.5 to 1.5, flipped, of other contrast and light.

        Returns:
            Images (B, 3, S, S) float32 in [0, 1], RGB, and masks (B, S, S) int64.

        Raises:
            InputError: as `LabelledImages.read`.
        """
        draws = torch.rand(len(indices), 6, generator=generator_for(self._seed, "crops", number))
        with ThreadPoolExecutor(self._workers) as readers:
            crops = list(readers.map(self._cut, indices, draws[:, :4].tolist()))
        images = torch.from_numpy(np.stack([image for image, _ in crops])).permute(0, 3, 1, 2) / 255  # (B, 3, S, S)
        masks = torch.from_numpy(np.stack([mask for _, mask in crops])).long()  # (B, S, S)
        contrast, brightness = (2 * draws[:, 4:] - 1).view(-1, 2, 1, 1, 1).unbind(1)
        jittered = (images - 0.5) * (1 + _CONTRAST * contrast) + 0.5 + _BRIGHTNESS * brightness
        return jittered.clamp(0, 1), masks

    def _cut(self, index: int, draws: Sequence[float]) -> tuple[Pixels, Mask]:
        image, mask = self._images.read(index)
        scale, down, right, flip = draws
        window = round(self._size / (_SMALLEST + scale * (_LARGEST - _SMALLEST)))
        top, left = (_offset(side - window, draw) for side, draw in zip(mask.shape, (down, right), strict=True))
        size = (self._size, self._size)
        image_crop = cv2.resize(_window(image, top, left, window), size, interpolation=cv2.INTER_LINEAR)
        mask_crop = cv2.resize(_window(mask, top, left, window), size, interpolation=cv2.INTER_NEAREST_EXACT)
        step = -1 if flip < 0.5 else 1
        return np.asarray(image_crop[:, ::step], np.uint8), np.asarray(mask_crop[:, ::step], np.uint8)


def _offset(spare: int, draw: float) -> int:
    """Choose where a window begins: inside an image that is larger by `spare`, or around one that is smaller."""
    return min(spare, 0) + int(draw * (abs(spare) + 1))


def _window(pixels: Pixels, top: int, left: int, side: int) -> Pixels:
    """Cut a square out of an image (H, W, 3), or a mask (H, W), that need not reach as far."""
    height, width = pixels.shape[:2]
    bottom, right = top + side, left + side
    inside = pixels[max(top, 0) : bottom, max(left, 0) : right]
    missing = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    if not any(missing):
        return inside
    if pixels.ndim == 2:
        return np.asarray(cv2.copyMakeBorder(inside, *missing, cv2.BORDER_CONSTANT, value=IGNORED), np.uint8)
    return np.asarray(cv2.copyMakeBorder(inside, *missing, cv2.BORDER_REFLECT_101), np.uint8)
