"""Training crops: the same window of both images of a pair, turned the same way."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.errors import InputError
from fusion.fusers import Fuser
from fusion.images import Pair, luma
from fusion.networks import SMALLEST_SIDE
from fusion.seeds import generator_for

CACHE_BYTES = 2 * 1024**3
READERS = 4


class CropSource:
    """Batches of aligned luma crops from a list of pairs.

    Decoded pairs stay in memory as float16 (a twentieth of a grey level) up to 2 GB; further ones are read again.

    Args:
        pairs: what to draw from.
        size: side of the square crops; smaller images are extended by reflection.
        seed: with the number of a batch it decides every crop, whatever was drawn before.
        teacher: a fuser whose results are cut along.
    """

    def __init__(self, pairs: Sequence[Pair], size: int, seed: int, teacher: Fuser | None = None) -> None:
        self._pairs, self._size, self._seed, self._teacher = pairs, size, seed, teacher
        self._cache: dict[int, Tensor] = {}
        self._cached_bytes = 0

    def random_batch(self, indices: Sequence[int], number: int, share: Sequence[int] | None = None) -> Tensor:
        """Cut one random crop of each pair named by `indices`, flipped and transposed at random.

        Args:
            indices: of all pairs of the batch.
            number: of the batch.
            share: which crops of the batch are wanted, all if None.

        Returns:
            (B, 2, S, S) float32 in [0, 1]: infrared and visible luma; (B, 3, S, S) with what the teacher makes of the
            whole pair.
        """
        share = range(len(indices)) if share is None else share
        generator = generator_for(self._seed, "crops", number)
        draws = torch.rand(len(indices), 5, generator=generator).tolist()
        with ThreadPoolExecutor(READERS) as readers:
            images = readers.map(self._read, [indices[sample] for sample in share])
            return torch.stack([self._cut(image, *draws[sample]) for image, sample in zip(images, share, strict=True)])

    def central_batch(self, indices: Sequence[int]) -> Tensor:
        """Cut the central crop of each pair, for validation; the form is that of `random_batch`."""
        return torch.stack([self._cut(self._read(index), 0.5, 0.5, 1.0, 1.0, 1.0) for index in indices])

    def _cut(self, image: Tensor, down: float, right: float, flip_y: float, flip_x: float, transpose: float) -> Tensor:
        height, width = image.shape[1:]
        top, left = int(down * (height - self._size + 1)), int(right * (width - self._size + 1))
        crop = image[:, top : top + self._size, left : left + self._size].float()
        axes = [axis for axis, draw in ((1, flip_y), (2, flip_x)) if draw < 0.5]
        crop = crop.flip(axes) if axes else crop
        return crop.transpose(1, 2) if transpose < 0.5 else crop

    def _read(self, index: int) -> Tensor:
        if index in self._cache:
            return self._cache[index]
        infrared, visible = self._pairs[index].read()
        if min(infrared.shape[1:]) < SMALLEST_SIDE:
            raise InputError(f"{self._pairs[index].infrared}: sides below {SMALLEST_SIDE} pixels cannot be trained on")
        channels = [infrared, luma(visible)]
        if self._teacher:
            channels.append(self._teacher.fuse(channels[0][None], channels[1][None])[0])
        image = _at_least(torch.cat(channels), self._size).half()
        if self._cached_bytes + image.nbytes <= CACHE_BYTES:
            self._cache[index] = image
            self._cached_bytes += image.nbytes
        return image


def _at_least(image: Tensor, size: int) -> Tensor:
    """Extend (C, H, W) by reflection until both sides reach `size`."""
    while min(image.shape[1:]) < size:
        more = [min(max(size - side, 0), side - 1) for side in image.shape[1:]]
        image = F.pad(image, (0, more[1], 0, more[0]), mode="reflect")
    return image
