"""Tests of the estimate of how far pairs are from being registered."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.registration import measure_misalignment
from tests.fusion.registration.conftest import Named


def moved(scenes: Named, right: int, down: int) -> Named:
    """Move the infrared images by whole pixels."""
    return [(name, np.roll(infrared, (down, right), (0, 1)), visible) for name, infrared, visible in scenes]


def test_pairs_that_fit_are_told_so(scenes: Named) -> None:
    found = measure_misalignment(scenes)
    assert np.median(found.distances) < 0.8
    assert np.isfinite(found.shifts).mean() > 0.4


def test_a_shift_is_found_with_its_direction(scenes: Named) -> None:
    found = measure_misalignment(moved(scenes, 3, -2))
    assert np.allclose(np.nanmedian(found.shifts, axis=(0, 1)), (-3, 2), atol=0.5)
    assert abs(np.median(found.distances) - 13**0.5) < 0.6
    assert found.unevenness < 0.8


def test_the_worst_pair_comes_first(scenes: Named) -> None:
    found = measure_misalignment([*scenes[:3], *moved(scenes[3:4], 4, 0), *scenes[4:]])
    worst, distance = next(iter(found.by_pair.items()))
    assert worst == scenes[3][0]
    assert 3 < distance < 5


def test_a_shift_that_differs_from_place_to_place_is_uneven(scenes: Named) -> None:
    bent = []
    for name, infrared, visible in scenes:
        one = infrared.copy()
        for column, shift in enumerate((3, -3, 3, -3)):
            part = slice(column * 80, (column + 1) * 80)
            one[:, part] = np.roll(infrared, shift, 0)[:, part]
        bent.append((name, one, visible))
    assert measure_misalignment(bent).unevenness > 1.8


def test_pairs_of_different_scenes_agree_nowhere(scenes: Named) -> None:
    names, infrared, visible = zip(*scenes, strict=True)
    found = measure_misalignment(zip(names, infrared, visible[3:] + visible[:3], strict=True))
    assert np.isfinite(found.shifts).mean() < 0.15


@pytest.mark.parametrize("size", [(1, 2), (3, 3), (2, 40), (12, 30), (13, 20)])
def test_tiny_images_are_no_error(size: tuple[int, int]) -> None:
    infrared, visible = np.random.default_rng(0).random((2, *size), np.float32)
    assert measure_misalignment([("tiny", infrared, visible)]).shifts.shape == (1, 12, 2)


def test_nothing_to_measure_is_no_error() -> None:
    flat = np.zeros((40, 60), np.float32)
    for pairs in ([], [("flat", flat, flat)]):
        found = measure_misalignment(pairs)
        assert not len(found.distances)
        assert not found.by_pair
        assert found.unevenness == 0
