"""Luma, chroma and 8-bit levels."""

import cv2
import numpy as np
import torch

from fusion.images.colour import luma, to_bytes, with_chroma_of


def test_luma_equals_that_of_opencv_on_floats():
    rgb = np.random.default_rng(2).random((33, 31, 3), np.float32)
    expected = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)[..., 0]
    ours = luma(torch.from_numpy(rgb.transpose(2, 0, 1)))
    torch.testing.assert_close(ours[0], torch.from_numpy(expected), rtol=0, atol=1e-6)


def test_new_luma_with_old_chroma_equals_opencv_on_floats():
    rng = np.random.default_rng(3)
    rgb, y = rng.random((33, 31, 3), np.float32), rng.random((33, 31), np.float32)
    ycrcb = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)
    ycrcb[..., 0] = y
    expected = np.clip(cv2.cvtColor(ycrcb, cv2.COLOR_YCrCb2RGB), 0, 1)
    ours = with_chroma_of(torch.from_numpy(y)[None], torch.from_numpy(rgb.transpose(2, 0, 1)))
    torch.testing.assert_close(ours, torch.from_numpy(expected.transpose(2, 0, 1)), rtol=0, atol=1e-6)


def test_grey_keeps_its_luma_exactly():
    grey = torch.linspace(0, 1, 256).expand(3, 1, -1)
    assert torch.equal(luma(grey), grey[:1])


def test_an_image_with_its_own_luma_comes_back_within_a_tenth_of_a_level():
    steps = torch.linspace(0, 1, 18)
    rgb = torch.cartesian_prod(steps, steps, steps).T.reshape(3, 54, 108)  # the whole colour cube
    difference = (with_chroma_of(luma(rgb), rgb) - rgb).abs() * 255
    assert difference.max() < 0.1
    assert (to_bytes(with_chroma_of(luma(rgb), rgb)) == to_bytes(rgb)).all()
