"""Training crops: the same window of both images of a pair, with the same flips."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.errors import InputError, naming
from fusion.fusers import Fuser, fuse_checked
from fusion.images import CropWindow, Pair, luma
from fusion.networks import SMALLEST_SIDE
from fusion.seeds import generator_for

CACHE_BYTES = 2 * 1024**3
READERS = 4
_CENTRE = (0.5, 0.5, 1.0, 1.0, 1.0)  # of the image, not flipped


class CropSource:
    """Batches of aligned luma crops from a list of pairs.

    Decoded pairs are cached as float16 (precise to a twentieth of a grey level) up to 2 GB; others are read each time.

    Args:
        pairs: to crop from.
        size: side S of the square crops in pixels; smaller images are extended by reflection.
        seed: determines every crop together with the batch number, independently of earlier draws.
        teacher: a fuser whose fused images are cropped along with the pairs.
        judged: whether a critic judges the crops: they then have the colours of the visible image, too, and are flipped
            left and right only, since people stand upright.
    """

    def __init__(
        self, pairs: Sequence[Pair], size: int, seed: int, teacher: Fuser | None = None, judged: bool = False
    ) -> None:
        self._pairs, self._size, self._seed, self._teacher, self._judged = pairs, size, seed, teacher, judged
        self._cache: dict[int, Tensor] = {}
        self._cached_bytes = 0
        self._sides: dict[int, tuple[int, int]] = {}  # height and width of the pairs that were read, for windows

    def random_batch(self, indices: Sequence[int], number: int, shard: Sequence[int] | None = None) -> Tensor:
        """Cut one random crop of each pair in `indices`, flipped and transposed at random.

        Args:
            indices: pairs of the whole batch.
            number: of the batch.
            shard: positions in `indices` for which crops are returned; None returns all.

        Returns:
            (B, 2, S, S) float32 in [0, 1]: infrared and visible luma. With a teacher (B, 3, S, S): the third channel is
            cropped from its fusion of the whole pair. If they are judged, red, green and blue of the visible image are
            the last three channels.

        Raises:
            InputError: an image cannot be read or is too small, or the sizes of a pair differ.
            FuserError: the teacher fails on a pair, which the message names.
        """
        shard = range(len(indices)) if shard is None else shard
        draws = self._draws(len(indices), number)
        with ThreadPoolExecutor(READERS) as readers:
            images = readers.map(self._read, [indices[sample] for sample in shard])
            return torch.stack([self._cut(image, *draws[sample]) for image, sample in zip(images, shard, strict=True)])

    def central_batch(self, indices: Sequence[int]) -> Tensor:
        """Cut the central crop of each pair, for validation; the shape is that of `random_batch`."""
        return torch.stack([self._cut(self._read(index), *_CENTRE) for index in indices])

    def random_windows(
        self, indices: Sequence[int], number: int, shard: Sequence[int] | None = None
    ) -> tuple[CropWindow, ...]:
        """Return where `random_batch` cuts its crops; none if they are not judged."""
        if not self._judged:
            return ()
        draws = self._draws(len(indices), number)
        shard = range(len(indices)) if shard is None else shard
        return tuple(self._window(indices[sample], *draws[sample]) for sample in shard)

    def central_windows(self, indices: Sequence[int]) -> tuple[CropWindow, ...]:
        """Return where `central_batch` cuts its crops; none if they are not judged."""
        return tuple(self._window(index, *_CENTRE) for index in indices) if self._judged else ()

    def _draws(self, count: int, number: int) -> list[list[float]]:
        draws: list[list[float]] = torch.rand(count, 5, generator=generator_for(self._seed, "crops", number)).tolist()
        return [[*draw[:2], 1.0, draw[3], 1.0] for draw in draws] if self._judged else draws

    def _window(self, index: int, down: float, right: float, *flips: float) -> CropWindow:
        if index not in self._sides:
            self._read(index)
        top, left = self._corner(self._sides[index], down, right)
        return CropWindow(index, top, left, self._size, flips[1] < 0.5)

    def _corner(self, sides: tuple[int, int], down: float, right: float) -> tuple[int, int]:
        height, width = sides
        return int(down * (height - self._size + 1)), int(right * (width - self._size + 1))

    def _cut(self, image: Tensor, down: float, right: float, flip_y: float, flip_x: float, transpose: float) -> Tensor:
        top, left = self._corner((image.shape[1], image.shape[2]), down, right)
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
        if self._judged:
            channels.append(visible)
        image = _at_least(torch.cat(channels), self._size).half()
        self._sides[index] = image.shape[1], image.shape[2]
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
