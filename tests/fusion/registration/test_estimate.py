"""Tests of the estimated transform: known rigs are found, foreign pairs are left out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fusion.errors import InputError
from fusion.registration import collect, estimate_transform
from fusion.registration.geometry import Matrix, Size, corners_of, transform_points
from tests.fusion.registration.conftest import SIZE, Named, rig_matrix

Seen = Callable[[Named, Matrix, Size], Named]


def corner_errors(found: Matrix, true: Matrix, size: Size) -> np.ndarray:
    corners = corners_of(size)
    return np.linalg.norm(transform_points(found, corners) - transform_points(true, corners), axis=1)


def test_pairs_that_fit_are_left_where_they_are(scenes: Named) -> None:
    found = estimate_transform(collect(scenes))
    assert corner_errors(found.matrix, np.eye(3), SIZE).max() < 0.5
    assert found.used.all()
    assert np.median(found.residuals) < 0.5


def test_a_camera_of_half_the_size_that_is_turned_and_shifted_is_found(scenes: Named, seen_through: Seen) -> None:
    size = (SIZE[0] // 2, SIZE[1] // 2)
    matrix = rig_matrix(1.06, -4, (18, -11), size)
    found = estimate_transform(collect(seen_through(scenes, matrix, size)))
    assert corner_errors(found.matrix, matrix, size).max() < 1
    assert np.array_equal(found.matrix[2], [0, 0, 1])


def test_a_camera_that_is_tilted_is_found_by_a_homography(scenes: Named, seen_through: Seen) -> None:
    tilt = np.eye(3)
    tilt[2, :2] = 2e-4, -3e-4
    matrix = rig_matrix(0.95, 3, (-12, 9), SIZE) @ tilt
    found = estimate_transform(collect(seen_through(scenes, matrix, SIZE)), "homography")
    assert corner_errors(found.matrix, matrix, SIZE).max() < 3
    affine = estimate_transform(collect(seen_through(scenes, matrix, SIZE)), "affine")
    assert corner_errors(affine.matrix, matrix, SIZE).max() > 6


def test_contrast_and_its_sign_do_not_matter(scenes: Named) -> None:
    found = estimate_transform(collect(scenes[:3]))
    negative = [(name, 5 - 3 * infrared, visible) for name, infrared, visible in scenes[:3]]
    assert np.allclose(estimate_transform(collect(negative)).matrix, found.matrix, atol=1e-3)


def test_a_pair_of_two_scenes_is_left_out(scenes: Named) -> None:
    names, infrared, visible = zip(*scenes, strict=True)
    mixed = [(names[0], infrared[0], visible[1]), *scenes[1:]]
    found = estimate_transform(collect(mixed))
    assert found.used.tolist() == [False] + [True] * 5
    assert corner_errors(found.matrix, np.eye(3), SIZE).max() < 0.8


def test_pairs_that_share_no_edge_are_refused() -> None:
    rng = np.random.default_rng(0)
    noise = [(str(i), *rng.random((2, 96, 128), np.float32)) for i in range(3)]
    with pytest.raises(InputError, match=r"no pair shows the same edges .*found 0 of 3.*--points"):
        estimate_transform(collect(noise))


def test_images_without_structure_are_refused() -> None:
    with pytest.raises(InputError, match="no pair shows the same edges"):
        estimate_transform(collect([("flat", np.zeros((48, 64), np.float32), np.ones((60, 80), np.float32))]))


def test_the_same_pairs_give_the_same_transform(scenes: Named) -> None:
    rig = collect(scenes[:2])
    assert np.array_equal(estimate_transform(rig).matrix, estimate_transform(rig).matrix)


def test_a_squeezed_transform_that_few_pairs_agree_with_by_chance_is_refused(scenes: Named, seen_through: Seen) -> None:
    squeezed = np.diag([1.0, 0.6, 1.0])
    with pytest.raises(InputError, match=r"no plausible transform .*twice|factor of two|no pair"):
        estimate_transform(collect(seen_through(scenes[:3], squeezed, SIZE)))


def test_an_unknown_model_is_refused(scenes: Named) -> None:
    with pytest.raises(InputError, match=r"model.*'afine'.*affine"):
        estimate_transform(collect(scenes[:1]), "afine")


def test_a_registration_has_what_the_infrared_camera_covers_as_its_frame(scenes: Named) -> None:
    found = estimate_transform(collect(scenes[:2]))._replace(matrix=np.diag([2.0, 2.0, 1.0]), residuals=np.empty(0))
    registration = found.registration("affine", (100, 80), (400, 300), "2026-12-01", "abc")
    assert registration.frame == (0, 0, 200, 160)
    assert (registration.used, registration.given, registration.residual_median) == (2, 2, None)
