"""Refine the transform of a rig: how well each place of each pair agrees for small shifts, and what fits them all."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage, optimize

from fusion.registration.geometry import Matrix, Size, transform_points
from fusion.registration.levels import Level

_FREE = {"affine": 3, "homography": 4}  # how many corners of the image decide a transform
_STEP = 0.02  # pixels, for numerical gradients


class Agreement(NamedTuple):
    """How well infrared and visible structure agree when each place of the image is shifted.

    Attributes:
        values: (N, 2 R + 1, 2 R + 1, C), of N pairs and C cells, for shifts of infrared by -R .. R rows and columns;
            sums of products over the cell.
        energies: (N, 2, C), sums of squares over the cell: of infrared, and of the visible image not shifted.
        centres: (C, 2) x and y of the cells.
    """

    values: npt.NDArray[np.float64]
    energies: npt.NDArray[np.float64]
    centres: npt.NDArray[np.float64]

    @property
    def radius(self) -> int:
        """The largest shift in pixels."""
        return int(self.values.shape[1]) // 2

    @property
    def by_pair(self) -> list[Peak]:
        """Where each pair agrees best, over all cells."""
        return [find_peak(*pair) for pair in zip(self.values.sum(-1), self.energies.sum(-1), strict=True)]

    @property
    def by_place(self) -> list[Peak]:
        """Where each cell agrees best, over all pairs."""
        return [
            find_peak(*cell)
            for cell in zip(np.moveaxis(self.values.sum(0), -1, 0), self.energies.sum(0).T, strict=True)
        ]


def measure_agreement(
    level: Level, matrix: Matrix, radius: int, cell: int, used: npt.NDArray[np.bool_] | None = None
) -> Agreement:
    """Shift warped infrared images against their visible ones.

    Args:
        level: the pairs.
        matrix: (3, 3), between the reduced images of `level`.
        radius: the largest shift in pixels.
        cell: the approximate side of a cell in pixels; there are at least 4 x 3 cells in images of that size.
        used: (M,) the pairs that count; None for all.
    """
    width, height = level.size
    left = np.linspace(0, width, min(width, max(4, round(width / cell))) + 1).round().astype(int)
    top = np.linspace(0, height, min(height, max(3, round(height / cell))) + 1).round().astype(int)
    cells = [np.s_[y0:y1, x0:x1] for y0, y1 in pairwise(top) for x0, x1 in pairwise(left)]
    around = [
        np.s_[y0 : y1 + 2 * radius, x0 : x1 + 2 * radius] for y0, y1 in pairwise(top) for x0, x1 in pairwise(left)
    ]
    x, y = np.meshgrid((left[:-1] + left[1:] - 1) / 2, (top[:-1] + top[1:] - 1) / 2)
    chosen = [index for index in range(len(level)) if used is None or used[index]]
    values = np.zeros((len(chosen), 2 * radius + 1, 2 * radius + 1, len(cells)))
    energies = np.zeros((len(chosen), 2, len(cells)))
    covered = level.covered(matrix)[..., None]
    for number, index in enumerate(chosen):
        infrared, seen = level.infrared(index, matrix) * covered, level.visible[index] * covered
        visible = np.pad(level.visible[index], ((radius, radius), (radius, radius), (0, 0)))
        for place, (inside, near) in enumerate(zip(cells, around, strict=True)):
            values[number, ..., place] = cv2.matchTemplate(visible[near], infrared[inside], cv2.TM_CCORR)
            energies[number, :, place] = [np.vdot(one[inside], one[inside]) for one in (infrared, seen)]
    centres = np.stack([x.ravel(), y.ravel()], 1)
    return Agreement(values, energies, centres)


def best_correction(agreement: Agreement, model: str, size: Size) -> Matrix:
    """Find the transform of the visible image that maximises the agreement, summed over pairs and cells.

    Args:
        agreement: from `measure_agreement`.
        model: "affine" or "homography".
        size: width and height of the visible image.

    Returns:
        (3, 3); to be applied after the matrix that `agreement` was measured with.
    """
    total = agreement.values.sum(0)
    if not np.abs(total).max() > 0:
        return np.eye(3)
    coefficients = ndimage.spline_filter(total / np.abs(total).sum(), order=3, mode="nearest")
    cells, radius = np.arange(len(agreement.centres)), agreement.radius

    def loss(corners: npt.NDArray[np.float64]) -> float:
        shift = transform_points(_from_corners(corners, model, size), agreement.centres) - agreement.centres
        where = [shift[:, 1] + radius, shift[:, 0] + radius, cells]
        found = ndimage.map_coordinates(coefficients, where, order=3, mode="nearest", prefilter=False)
        return -100 * float(found.sum())

    found = optimize.minimize(loss, np.zeros(2 * _FREE[model]), method="BFGS", options={"eps": _STEP})
    return _from_corners(found.x, model, size)


def _from_corners(shifts: npt.NDArray[np.float64], model: str, size: Size) -> Matrix:
    """Return the transform that shifts the first corners of an image by the given pixels."""
    width, height = size
    corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], float)[: _FREE[model]]
    targets = corners + shifts.reshape(-1, 2)
    matrix = np.eye(3)
    if model == "affine":
        matrix[:2] = np.linalg.solve(np.hstack([corners, np.ones((3, 1))]), targets).T
    else:
        equations, right = [], []
        for (x, y), (to_x, to_y) in zip(corners, targets, strict=True):
            equations += [[x, y, 1, 0, 0, 0, -x * to_x, -y * to_x], [0, 0, 0, x, y, 1, -x * to_y, -y * to_y]]
            right += [to_x, to_y]
        matrix = np.append(np.linalg.solve(np.array(equations), np.array(right)), 1).reshape(3, 3)
    return matrix


class Peak(NamedTuple):
    """Where an agreement is largest.

    Attributes:
        shift: x and y in pixels.
        correlation: normalised, at most about 1; 0 where the agreement has no peak inside the range of shifts.
    """

    shift: tuple[float, float]
    correlation: float


def find_peak(values: npt.NDArray[np.float64], energies: npt.NDArray[np.float64]) -> Peak:
    """Find the largest value of an agreement to a fraction of a pixel.

    Args:
        values: (2 R + 1, 2 R + 1), for shifts of -R .. R rows and columns.
        energies: (2,) of infrared and visible structure.

    Example:
        >>> y, x = np.mgrid[-3:4, -3:4]
        >>> (x, y), _ = find_peak(20 - ((x - 0.25) ** 2.0) - (y + 1) ** 2, np.array([40, 40]))
        >>> round(x, 3), round(y, 3)
        (0.25, -1.0)
    """
    radius, energy = values.shape[0] // 2, float(energies.prod())
    row, column = (int(index) for index in np.unravel_index(np.argmax(values), values.shape))
    if energy <= 0 or not (0 < row < 2 * radius and 0 < column < 2 * radius):
        return Peak((column - radius, row - radius), 0.0)
    x = _vertex(values[row, column - 1 : column + 2])
    y = _vertex(values[row - 1 : row + 2, column])
    return Peak((column - radius + x, row - radius + y), float(values[row, column]) / energy**0.5)


def _vertex(values: npt.NDArray[np.float64]) -> float:
    """Return where the parabola through the values at -1, 0 and 1, of which the middle one is largest, has its top."""
    before, top, after = (float(value) for value in values)
    bend = before - 2 * top + after
    return (before - after) / (2 * bend) if bend < 0 else 0.0
