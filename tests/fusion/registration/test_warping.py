"""Warping into the frame: right to a fraction of a pixel, within range, without aliasing, black outside."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.registration import crop_visible, transform_points, warp_infrared, warp_mask
from fusion.registration.warping import covered
from tests.made_rigs import AFFINE, HOMOGRAPHY, frame_view, infrared_view, levels, pixel_centres, rig, visible_view

SHIFT = np.array([[1, 0, 3.4], [0, 1, -1.7], [0, 0, 1]])
SHRUNK = np.array([[0.4, 0.01, 8.3], [-0.02, 0.45, 6.1], [0, 0, 1]])
WHOLE = (0, 0, 160, 128)
INSIDE = (slice(3, -3), slice(3, -3))  # where no kernel reaches beyond the infrared image


@pytest.mark.parametrize(
    ("matrix", "infrared_size"), [(SHIFT, (160, 128)), (AFFINE, (80, 64)), (HOMOGRAPHY, (80, 64)), (SHRUNK, (330, 250))]
)
def test_a_warped_image_shows_what_the_visible_camera_sees_there(
    matrix: np.ndarray, infrared_size: tuple[int, int]
) -> None:
    registration = rig(matrix, infrared_size)
    warped = warp_infrared(registration, infrared_view(registration).astype(np.float32))
    expected = frame_view(registration)
    assert warped.shape == expected.shape == registration.size[::-1]
    error = np.abs(warped - expected)[INSIDE].max()
    shifted = np.abs(expected[:, 1:] - expected[:, :-1])[INSIDE].max()  # the error of a whole pixel
    assert error < 0.15 * shifted


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_cubic_interpolation_stays_within_the_range_of_the_image(kind: type) -> None:
    registration = rig()
    steps = np.full((64, 80), 20, kind)
    steps[::7, ::5], steps[::3] = 200, 90
    warped = warp_infrared(registration, steps)
    assert warped.dtype == kind
    assert (warped.min(), warped.max()) == (20, 200)


def test_an_image_with_channels_is_warped_like_each_of_them() -> None:
    registration = rig(HOMOGRAPHY)
    image = np.random.default_rng(0).integers(0, 255, (64, 80, 3), np.uint8)
    warped = warp_infrared(registration, image)
    for channel in range(3):
        assert np.ptp(warped[..., channel].astype(int) - warp_infrared(registration, image[..., channel])) <= 2


def test_shrinking_averages_stripes_instead_of_picking_some() -> None:
    registration = rig(np.array([[0.3, 0, 2], [0, 0.3, 2], [0, 0, 1]]), (400, 400))
    stripes = np.zeros((400, 400), np.float32)
    stripes[:, ::2] = 1
    warped = warp_infrared(registration, stripes)[INSIDE]
    assert np.abs(warped - 0.5).max() < 0.2


def test_the_default_frame_has_no_black_and_a_larger_one_is_black_where_infrared_sees_nothing() -> None:
    bright = np.full((64, 80), 77, np.uint8)
    assert (warp_infrared(rig(HOMOGRAPHY), bright) == 77).all()
    whole = rig(HOMOGRAPHY, frame=WHOLE)
    back = transform_points(np.linalg.inv(HOMOGRAPHY), pixel_centres((160, 128)))
    seen = ((back >= -0.5) & (back <= np.array([79.5, 63.5]))).all(1).reshape(128, 160)
    assert 0.5 < seen.mean() < 0.95
    assert ((warp_infrared(whole, bright) == 77) == seen).all()
    assert (covered(whole) == seen).all()


def test_a_mask_keeps_its_classes_and_has_none_outside() -> None:
    registration = rig(frame=WHOLE)
    mask = (infrared_view(registration) * 8).astype(np.uint8)
    warped = warp_mask(registration, mask, outside=255)
    assert set(np.unique(warped)) == {*np.unique(mask).tolist(), 255}
    assert ((warped == 255) == ~covered(registration)).all()
    nearest = np.round(transform_points(np.linalg.inv(AFFINE), pixel_centres((160, 128)))).astype(int)
    expected = mask[nearest[:, 1].clip(0, 63), nearest[:, 0].clip(0, 79)].reshape(128, 160)
    inside = covered(registration)
    assert (warped[inside] == expected[inside]).mean() > 0.99  # OpenCV rounds places to 1/32 pixel


def test_the_visible_image_is_cut_to_the_frame_without_a_change() -> None:
    registration = rig(HOMOGRAPHY)
    colours = np.dstack([levels(visible_view(registration))] * 3)
    assert (crop_visible(registration, colours)[..., 1] == levels(frame_view(registration))).all()
