"""Estimate the transform of a rig from many pairs of images."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

import numpy as np
import numpy.typing as npt

from fusion.errors import InputError, unknown_name
from fusion.registration.alignment import Agreement, best_correction, find_peak, measure_agreement
from fusion.registration.levels import Level
from fusion.registration.search import search_rig
from fusion.registration.structure import Grey
from fusion.registration.transform import MODELS, Matrix, Registration, Size, transform_points

COARSE, MIDDLE, FINE = (160, 16), (320, 20), (640, 32)  # longer side of the visible image and of cells, in pixels
_RADIUS, _FINE_RADIUS, _PAIR_RADIUS = 4, 2, 8  # of shifts, in pixels
_STEPS, _STILL = 5, 0.03  # at most per resolution; a correction of the corners, in pixels, that is none
_FARTHEST, _CLEAR = 3.0, 3.0  # of a pair from the others, in pixels at MIDDLE; of a peak, in standard deviations
_RESIDUAL_CELL = 80


def estimate_registration(infrared: Sequence[Grey], visible: Sequence[Grey], model: str = "affine") -> Registration:
    """Estimate one transform from infrared to visible pixels that fits all pairs of a rig.

    A search over scale (.5 to 1.5, relative to images that fill each other), angle (10 degrees either way) and shift
    gives the start. It is refined at three resolutions, each time by the transform for which the structure of all pairs
    together agrees best. Pairs without clear agreement, or that agree elsewhere, are left out. Deterministic.

    Args:
        infrared: (H, W) float32 each, of one size and any range.
        visible: (h, w) float32 each, of one size; likewise.
        model: "affine" or "homography".

    Returns:
        The transform. Its residuals are the distances, over the cells of a grid, between where the transform puts the
        infrared image and where all used pairs together agree best: parallax and other lenses show there.

    Raises:
        InputError: the model is unknown, there are no pairs, or no pair agrees with the transform.
    """
    if model not in MODELS:
        raise unknown_name("model of registration", model, MODELS)
    if not infrared:
        raise InputError("registration: no pairs (expected at least one, better ten or more)")
    matrix = search_rig(infrared, visible)
    used = np.ones(len(infrared), bool)
    matrix = _refined(Level(infrared, visible, COARSE[0]), matrix, used, ("affine", model), COARSE[1])
    level = Level(infrared, visible, MIDDLE[0])
    matrix = _refined(level, matrix, used, (model,), MIDDLE[1])
    used = _agreeing(level, matrix)
    if not used.any():
        raise InputError(
            f"registration: no pair shows the same edges in both images (found 0 of {len(used)}). Try: pairs with more "
            "structure, or points clicked in both images (--points)"
        )
    chosen = [index for index in range(len(used)) if used[index]]
    level = Level([infrared[index] for index in chosen], [visible[index] for index in chosen], FINE[0])
    everything = np.ones(len(chosen), bool)
    matrix = _refined(level, matrix, everything, (model,), FINE[1])
    residuals = place_residuals(level, matrix) * max(visible[0].shape) / max(level.size)
    return Registration(
        model=model,
        matrix=as_rows(matrix, model),
        infrared_size=size_of(infrared[0]),
        visible_size=size_of(visible[0]),
        pairs_used=len(chosen),
        pairs=len(used),
        residual_median=round(float(np.median(residuals)), 3),
        residual_95=round(float(np.percentile(residuals, 95)), 3),
        date=today(),
    )


def _refined(level: Level, matrix: Matrix, used: npt.NDArray[np.bool_], models: tuple[str, ...], cell: int) -> Matrix:
    """Correct a transform until it stands still; the first model is for the first step, the last for the others."""
    reduced = level.reduced(matrix)
    for step in range(_STEPS):
        agreement = measure_agreement(level, reduced, _RADIUS if step == 0 else _FINE_RADIUS, cell)
        correction = best_correction(agreement, used, models[min(step, len(models) - 1)], level.size)
        reduced = correction @ reduced
        width, height = level.size
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], float)
        if step >= len(models) - 1 and np.abs(transform_points(correction, corners) - corners).max() < _STILL:
            break
    return level.full(reduced)


def _agreeing(level: Level, matrix: Matrix) -> npt.NDArray[np.bool_]:
    """Tell which pairs have a clear peak, close to that of most others."""
    agreement = measure_agreement(level, level.reduced(matrix), _PAIR_RADIUS, 10**6)
    peaks = [find_peak(values.sum(-1)) for values in agreement.values]
    return np.array([peak.clarity >= _CLEAR and float(np.hypot(*peak.shift)) <= _FARTHEST for peak in peaks])


def place_residuals(level: Level, matrix: Matrix) -> npt.NDArray[np.float64]:
    """Measure how far all pairs together are from agreement, for each cell where they agree clearly; reduced pixels."""
    agreement = measure_agreement(level, level.reduced(matrix), _PAIR_RADIUS, _RESIDUAL_CELL)
    peaks = place_peaks(agreement)
    return np.array([float(np.hypot(*peak.shift)) for peak in peaks if peak.clarity >= _CLEAR] or [0.0])


def place_peaks(agreement: Agreement):
    return [find_peak(values) for values in np.moveaxis(agreement.values.sum(0), -1, 0)]


def as_rows(matrix: Matrix, model: str) -> tuple[tuple[float, ...], ...]:
    """Convert a matrix to rows of numbers with last element 1; the last row of an affine one is exact."""
    rows = (matrix / matrix[2, 2]).tolist()
    return tuple(map(tuple, [*rows[:2], [0.0, 0.0, 1.0]] if model == "affine" else rows))


def size_of(image: Grey) -> Size:
    """Return width and height of an (H, W) image."""
    return image.shape[1], image.shape[0]


def today() -> str:
    return datetime.now(timezone.utc).date().isoformat()
