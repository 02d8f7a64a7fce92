"""Find scale, angle and shift of a rig roughly: try scales and angles, and correlate for all shifts at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft
from tqdm import tqdm

from fusion.registration.geometry import Matrix
from fusion.registration.levels import Level
from fusion.registration.structure import Grey

SCALES = np.exp(0.05 * np.arange(-14, 9))  # .5 to 1.5, relative to images that fill each other's width or height
ANGLES_DEG = np.arange(-10, 10.1, 2.5)
_LONGEST, _SAMPLE, _LEAST_OVERLAP = 112, 12, 0.3  # pixels; pairs; of the largest overlap


def search_rig(infrared: Sequence[Grey], visible: Sequence[Grey]) -> Matrix:
    """Find the similarity transform for which the structure of all pairs agrees best.

    The score of a candidate is the sum of products over the overlap of the two images, divided by the root of the
    energy of the visible ones in it, so that small overlaps neither win nor lose.

    Args:
        infrared: (H, W) float32 each, of one size.
        visible: (h, w) float32 each, of one size.

    Returns:
        (3, 3) from infrared to visible pixels, off by about 2 % in scale, 1 degree and 1 % of the width.
    """
    chosen = np.unique(np.linspace(0, len(visible) - 1, min(len(visible), _SAMPLE)).round().astype(int))
    level = Level([infrared[i] for i in chosen], [visible[i] for i in chosen], _LONGEST)
    shape = tuple(fft.next_fast_len(2 * side, real=True) for side in level.size[::-1])
    spectra = [_spectrum(found, shape) for found in level.visible]
    energy = fft.rfft2(sum((found * found).sum(2) for found in level.visible), shape)
    best: tuple[float, Matrix] = (-np.inf, np.eye(3))
    candidates = list(_candidates(level, infrared[0].shape, visible[0].shape))
    for matrix in tqdm(candidates, desc="search", unit="candidate", leave=False):
        covered = level.covered(matrix)
        total = sum(
            (spectrum * _spectrum(level.infrared(index, matrix) * covered[..., None], shape).conj()).sum(2)
            for index, spectrum in enumerate(spectra)
        )
        overlap = fft.irfft2(energy * fft.rfft2(covered, shape).conj(), shape)
        least = _LEAST_OVERLAP * overlap.max()
        if least <= 0:  # no structure
            continue
        score = np.where(overlap >= least, fft.irfft2(total, shape) / np.sqrt(np.maximum(overlap, least)), -np.inf)
        row, column = np.unravel_index(np.argmax(score), shape)
        if score[row, column] > best[0]:
            shift = np.eye(3)
            shift[:2, 2] = _signed(column, shape[1]), _signed(row, shape[0])
            best = float(score[row, column]), shift @ matrix
    return level.full(best[1])


def _candidates(level: Level, infrared: tuple[int, ...], visible: tuple[int, ...]) -> Iterator[Matrix]:
    """Turn and scale the infrared image about its centre, which comes to lie on that of the visible one."""
    from_centre, to_centre = np.eye(3), np.eye(3)
    from_centre[:2, 2] = [-(side - 1) / 2 for side in infrared[::-1]]
    to_centre[:2, 2] = [(side - 1) / 2 for side in visible[::-1]]
    filling = max(np.divide(visible, infrared))
    for scale in SCALES * filling:
        for angle in np.deg2rad(ANGLES_DEG):
            turned = np.eye(3)
            turned[:2, :2] = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            yield level.reduced(to_centre @ turned @ from_centre)


def _spectrum(found: npt.NDArray[np.float32], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    return np.asarray(fft.rfft2(found, shape, axes=(0, 1)))


def _signed(shift: Any, length: int) -> int:
    return int(shift) - length if shift > length // 2 else int(shift)
