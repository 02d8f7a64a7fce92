"""Augmented training crops of a segmenter: image and mask are cut, scaled and flipped alike."""

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

_SMALLEST_SCALE, _LARGEST_SCALE = 0.5, 1.5


class SegmentationCrops:
    """Mini-batches of random crops of images and their masks.

    Args:
        images: the images to crop.
        size: height and width of the crops in pixels. Beyond the border, images are reflected and masks are `IGNORED`.
        seed: together with the number of a batch it determines every crop, independently of earlier batches.
        workers: threads that read and crop.
        contrast: largest relative change of the contrast.
        brightness: largest change of the brightness, of values in [0, 1].
    """

    def __init__(
        self,
        images: LabelledImages,
        size: int,
        seed: int,
        workers: int,
        contrast: float = 0.2,
        brightness: float = 0.1,
    ) -> None:
        self._images, self._size, self._seed, self._workers = images, size, seed, workers
        self._contrast, self._brightness = contrast, brightness

    def batch(self, indices: Sequence[int], number: int) -> tuple[Tensor, Tensor]:
        """Cut one random crop of each image: scaled by 0.5 to 1.5, flipped, with jittered contrast and brightness.

        Args:
            indices: of the B images; an image may be repeated.
            number: of the batch, from the start of the training.

        Returns:
            Images (B, C, S, S) float32 in [0, 1], RGB and maybe infrared, and masks (B, S, S) int64 of class numbers
            and `IGNORED`.

        Raises:
            InputError: as `LabelledImages.read`.
        """
        draws = torch.rand(len(indices), 6, generator=generator_for(self._seed, "crops", number))
        with ThreadPoolExecutor(self._workers) as readers:
            crops = list(readers.map(self._cut, indices, draws[:, :4].tolist()))
        images = torch.from_numpy(np.stack([image for image, _ in crops])).permute(0, 3, 1, 2) / 255  # (B, C, S, S)
        masks = torch.from_numpy(np.stack([mask for _, mask in crops])).long()  # (B, S, S)
        contrast, brightness = (2 * draws[:, 4:] - 1).view(-1, 2, 1, 1, 1).unbind(1)
        jittered = (images - 0.5) * (1 + self._contrast * contrast) + 0.5 + self._brightness * brightness
        return jittered.clamp(0, 1), masks

    def _cut(self, index: int, draws: Sequence[float]) -> tuple[Pixels, Mask]:
        image, mask = self._images.read(index)
        scale, down, right, flip = draws
        window = round(self._size / (_SMALLEST_SCALE + scale * (_LARGEST_SCALE - _SMALLEST_SCALE)))
        top, left = (_offset(side - window, draw) for side, draw in zip(mask.shape, (down, right), strict=True))
        size = (self._size, self._size)
        image_crop = cv2.resize(_window(image, top, left, window), size, interpolation=cv2.INTER_LINEAR)
        mask_crop = cv2.resize(_window(mask, top, left, window), size, interpolation=cv2.INTER_NEAREST_EXACT)
        step = -1 if flip < 0.5 else 1
        return np.asarray(image_crop[:, ::step], np.uint8), np.asarray(mask_crop[:, ::step], np.uint8)


def _offset(spare: int, draw: float) -> int:
    """Choose the start of a window inside an image that is larger by `spare`, or around one that is smaller."""
    return min(spare, 0) + int(draw * (abs(spare) + 1))


def _window(pixels: Pixels, top: int, left: int, side: int) -> Pixels:
    """Cut a square out of an image (H, W, C) or a mask (H, W), and pad what lies outside."""
    height, width = pixels.shape[:2]
    bottom, right = top + side, left + side
    inside = pixels[max(top, 0) : bottom, max(left, 0) : right]
    missing = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    if not any(missing):
        return inside
    if pixels.ndim == 2:
        return np.asarray(cv2.copyMakeBorder(inside, *missing, cv2.BORDER_CONSTANT, value=IGNORED), np.uint8)
    return np.asarray(cv2.copyMakeBorder(inside, *missing, cv2.BORDER_REFLECT_101), np.uint8)
