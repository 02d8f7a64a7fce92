"""Estimate how far pairs that are taken for registered are from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fusion.registration.alignment import measure_agreement
from fusion.registration.estimate import LEAST_CORRELATION
from fusion.registration.levels import Level
from fusion.registration.rig import reduce_image
from fusion.registration.structure import Grey

_LONGEST, _RADIUS, _PLACE = 480, 6, 10**6  # pixels
_OF_ONE_PAIR = 1.5 * LEAST_CORRELATION  # a place of a single pair shows little, and correlates by chance more often


class Misalignment(NamedTuple):
    """Where the two images of pairs agree best.

    Attributes:
        names: of the N pairs.
        shifts: (N, 12, 2), by which the infrared image would have to move, to the right and down, in pixels at the 12
            places of a grid of 4 x 3; NaN where the two agree nowhere clearly.
    """

    names: tuple[str, ...]
    shifts: npt.NDArray[np.float64]

    @property
    def distances(self) -> npt.NDArray[np.float64]:
        """(M,) lengths of all shifts that are known, in pixels."""
        found = np.linalg.norm(self.shifts, axis=2)
        return np.asarray(found[np.isfinite(found)])

    @property
    def by_pair(self) -> dict[str, float]:
        """The median distance of each pair with at least three clear places, in pixels, the worst pair first."""
        lengths = np.linalg.norm(self.shifts, axis=2)
        found = {
            name: float(np.nanmedian(of_pair))
            for name, of_pair in zip(self.names, lengths, strict=True)
            if np.isfinite(of_pair).sum() >= 3
        }
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @property
    def unevenness(self) -> float:
        """How far the shifts of the places differ from each other, medians over pairs, in pixels; 0 if unknown.

        It is the median distance of the places from what the best affine transform would do to them: no registration
        with one matrix removes it.
        """
        known = np.isfinite(self.shifts[..., 0]).sum(0) >= 3
        if known.sum() < 6:
            return 0.0
        places = np.nanmedian(self.shifts[:, known], axis=0)
        x, y = np.meshgrid(np.arange(4.0), np.arange(3.0))
        design = np.stack([x.ravel(), y.ravel(), np.ones(12)], 1)[known]
        fitted = design @ np.linalg.lstsq(design, places, rcond=None)[0]
        return float(np.median(np.linalg.norm(places - fitted, axis=1)))


def measure_misalignment(pairs: Iterable[tuple[str, Grey, Grey]]) -> Misalignment:
    """Estimate the shift between infrared and visible at 12 places of every pair.

    Shifts of up to 6 pixels are seen, in larger images of up to 1.25 % of the longer side; none in images of 12 pixels.
    Single places are uncertain: in generated scenes of 640x480 that fit exactly, the median is .6 pixels. Pairs of
    different scenes have a shift at about 1 % of their places.

    Args:
        pairs: name, infrared and visible image, (H, W) float32 of any range and equal sizes within a pair.
    """
    names, shifts = [], []
    for name, infrared, visible in pairs:
        if min(visible.shape) <= 2 * _RADIUS:  # every shift would leave the image
            names.append(name)
            shifts.append([np.full(2, np.nan)] * 12)
            continue
        level = Level([reduce_image(infrared, _LONGEST)], [reduce_image(visible, _LONGEST)], _LONGEST)
        agreement = measure_agreement(level, np.eye(3), _RADIUS, _PLACE)
        scale = max(visible.shape) / max(level.size)
        names.append(name)
        shifts.append(
            [np.multiply(scale if p.correlation >= _OF_ONE_PAIR else np.nan, p.shift) for p in agreement.by_place]
        )
    return Misalignment(tuple(names), np.array(shifts, float).reshape(-1, 12, 2))
