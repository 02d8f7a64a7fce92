"""Fusion by guided filtering."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import uniform_filter

from fusion import build_fuser
from fusion.fusers.guided import guided_filter

RANDOM = np.random.default_rng(0)


def mean(image: np.ndarray, radius: int) -> np.ndarray:
    return uniform_filter(image, 2 * radius + 1, mode="nearest")


def test_an_image_guided_by_itself_is_kept_where_everything_is_an_edge() -> None:
    image = RANDOM.random((21, 30))
    np.testing.assert_allclose(guided_filter(image, image, 3, 1e-12), image, atol=1e-8)


def test_it_is_a_mean_of_means_where_nothing_is_an_edge() -> None:
    image, guide = RANDOM.random((2, 21, 30))
    np.testing.assert_allclose(guided_filter(image, guide, 3, 1e9), mean(mean(image, 3), 3), atol=1e-8)


def test_it_solves_the_ridge_regression_of_every_window() -> None:
    image, guide = RANDOM.random((2, 15, 15))
    slopes, offsets = np.zeros((2, 15, 15))
    for row in range(15):
        for column in range(15):
            rows = np.clip(np.arange(row - 2, row + 3), 0, 14)
            columns = np.clip(np.arange(column - 2, column + 3), 0, 14)
            of_image, of_guide = (values[np.ix_(rows, columns)].ravel() for values in (image, guide))
            slopes[row, column] = np.cov(of_image, of_guide, bias=True)[0, 1] / (of_guide.var() + 0.01)
            offsets[row, column] = of_image.mean() - slopes[row, column] * of_guide.mean()
    np.testing.assert_allclose(
        guided_filter(image, guide, 2, 0.01), mean(slopes, 2) * guide + mean(offsets, 2), atol=1e-9
    )


def test_the_detail_of_the_one_textured_image_is_kept() -> None:
    textured = torch.full((1, 1, 64, 64), 0.5)
    textured[..., ::2] += 0.1
    flat = torch.full((1, 1, 64, 64), 0.5)
    for pair in ((textured, flat), (flat, textured)):
        fused = build_fuser("guided_filter").fuse(*pair)
        assert (fused[..., 1:] - fused[..., :-1]).abs().mean() > 0.095  # the mean of both would give 0.05
