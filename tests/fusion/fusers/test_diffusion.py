"""Fusion by anisotropic diffusion."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.fusers.diffusion import detail_weights, diffuse

RANDOM = np.random.default_rng(0)


def test_diffusion_equals_the_scheme_of_perona_and_malik() -> None:
    image = RANDOM.random((6, 5)) * 0.3
    expected = image.copy()
    for _ in range(10):
        before = np.pad(expected, 1, mode="edge")  # no flow across the border
        centre = before[1:-1, 1:-1]
        neighbours = before[:-2, 1:-1], before[2:, 1:-1], before[1:-1, :-2], before[1:-1, 2:]
        expected = centre + 0.15 * sum((n - centre) * np.exp(-((255 * (n - centre) / 30) ** 2)) for n in neighbours)
    np.testing.assert_allclose(diffuse(image), expected, atol=1e-12)


def test_diffusion_keeps_the_mean_and_does_not_modify_its_input() -> None:
    image = RANDOM.random((20, 30))
    before = image.copy()
    assert diffuse(image).mean() == pytest.approx(before.mean(), abs=1e-12)
    assert (image == before).all()


def test_edges_are_kept_and_ripples_are_smoothed() -> None:
    edge = np.zeros((16, 16))
    edge[:, 8:] = 0.8
    np.testing.assert_allclose(diffuse(edge), edge, atol=1e-6)
    ripples = 0.5 + 0.01 * (np.arange(16) % 2) * np.ones((16, 1))
    assert diffuse(ripples)[:, 4:-4].std() < 0.1 * ripples.std()


def test_weights_follow_the_first_principal_component() -> None:
    detail = RANDOM.standard_normal((20, 30)) * 0.1
    assert detail_weights(detail, detail) == pytest.approx((1 / 2, 1 / 2))
    assert detail_weights(2 * detail, detail) == pytest.approx((2 / 3, 1 / 3))
    assert detail_weights(detail, 0 * detail) == pytest.approx((1, 0), abs=1e-12)


def test_negatively_correlated_details_have_positive_weights() -> None:
    detail = RANDOM.standard_normal((20, 30)) * 0.1
    assert detail_weights(2 * detail, -detail) == pytest.approx((2 / 3, 1 / 3))


def test_constant_details_have_equal_weights() -> None:
    assert detail_weights(np.zeros((4, 4)), np.full((4, 4), 1e-12)) == (0.5, 0.5)
