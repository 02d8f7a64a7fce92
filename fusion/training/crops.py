"""Training crops: the same window of both images of a pair, with the same flips."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.errors import InputError, naming
from fusion.fusers import Fuser, fuse_checked
from fusion.images import Pair, luma
from fusion.networks import SMALLEST_SIDE
from fusion.seeds import generator_for

CACHE_BYTES = 2 * 1024**3
READERS = 4


class CropSource:
    """Batches of aligned luma crops from a list of pairs.

    Decoded pairs are cached as float16 (precise to a twentieth of a grey level) up to 2 GB; others are read each time.

    Args:
        pairs: to crop from.
        size: side S of the square crops in pixels; smaller images are extended by reflection.
        seed: determines every crop together with the batch number, independently of earlier draws.
        teacher: a fuser whose fused images are cropped along with the pairs.
    """

    def __init__(self, pairs: Sequence[Pair], size: int, seed: int, teacher: Fuser | None = None) -> None:
        self._pairs, self._size, self._seed, self._teacher = pairs, size, seed, teacher
        self._cache: dict[int, Tensor] = {}
        self._cached_bytes = 0

    def random_batch(self, indices: Sequence[int], number: int, shard: Sequence[int] | None = None) -> Tensor:
        """Cut one random crop of each pair in `indices`, flipped and transposed at random.

        Args:
            indices: pairs of the whole batch.
            number: of the batch.
            shard: positions in `indices` for which crops are returned; None returns all.

        Returns:
            (B, 2, S, S) float32 in [0, 1]: infrared and visible luma. With a teacher (B, 3, S, S): the third channel is
            cropped from its fusion of the whole pair.

        Raises:
            InputError: an image cannot be read or is too small, or the sizes of a pair differ.
            FuserError: the teacher fails on a pair, which the message names.
        """
        shard = range(len(indices)) if shard is None else shard
        generator = generator_for(self._seed, "crops", number)
        draws = torch.rand(len(indices), 5, generator=generator).tolist()
        with ThreadPoolExecutor(READERS) as readers:
            images = readers.map(self._read, [indices[sample] for sample in shard])
            return torch.stack([self._cut(image, *draws[sample]) for image, sample in zip(images, shard, strict=True)])

    def central_batch(self, indices: Sequence[int]) -> Tensor:
        """Cut the central crop of each pair, for validation; the shape is that of `random_batch`."""
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
            size = f"{infrared.shape[2]}x{infrared.shape[1]}"
            expected = f"sides of at least {SMALLEST_SIDE}"
            raise InputError(
                f"{self._pairs[index].infrared}: too small to train on (found {size} pixels, expected {expected})"
            )
        channels = [infrared, luma(visible)]
        if self._teacher:
            with naming(f"image {self._pairs[index].stem}"):
                fused = fuse_checked(self._teacher, infrared[None], visible[None])[0]
            channels.append(luma(fused) if fused.shape[0] == 3 else fused)
        image = _at_least(torch.cat(channels), self._size).half()
        if self._cached_bytes + image.nbytes <= CACHE_BYTES:
            self._cache[index] = image
            self._cached_bytes += image.nbytes
        return image


def _at_least(image: Tensor, size: int) -> Tensor:
    """Extend (C, H, W) by reflection until both sides have at least `size` pixels."""
    while min(image.shape[1:]) < size:
        more = [min(max(size - side, 0), side - 1) for side in image.shape[1:]]
        image = F.pad(image, (0, more[1], 0, more[0]), mode="reflect")
    return image
