"""Tests of the pairs that an estimate reads."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.errors import InputError
from fusion.registration import collect
from fusion.registration.rig import reduce_image


def image(width: int, height: int) -> np.ndarray:
    return np.zeros((height, width), np.float32)


def test_large_images_are_reduced_and_transforms_converted_back() -> None:
    rig = collect([("a", image(1280, 960), image(1920, 1080))])
    assert rig.infrared[0].shape == (480, 640)
    assert rig.visible[0].shape == (360, 640)
    assert (rig.infrared_size, rig.visible_size) == ((1280, 960), (1920, 1080))
    # the centre of the first two infrared pixels is the first reduced one, that of the first three visible ones, too
    assert np.allclose(rig.full(np.eye(3)) @ [0.5, 0.5, 1], [1, 1, 1])


@pytest.mark.parametrize(
    ("pair", "camera", "found"),
    [
        (("b", image(60, 50), image(80, 60)), "infrared", "60x50"),
        (("b", image(64, 48), image(90, 60)), "visible", "90x60"),
    ],
)
def test_pairs_of_another_size_are_no_rig(pair: tuple, camera: str, found: str) -> None:
    with pytest.raises(InputError, match=rf"^b: {camera} size differs .*found {found}"):
        collect([("a", image(64, 48), image(80, 60)), pair])


def test_no_pairs_are_refused() -> None:
    with pytest.raises(InputError, match="no pairs"):
        collect([])


def test_small_images_stay_as_they_are() -> None:
    small = np.random.default_rng(0).random((30, 40), np.float32)
    assert reduce_image(small, 40) is small
