"""The largest covered rectangle, against trying all of them."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fusion.errors import InputError
from fusion.registration import transform_points
from fusion.registration.frame import covered_frame
from fusion.registration.transform import require_matrix
from tests.made_rigs import pixel_centres

INFRARED, VISIBLE = (12, 9), (16, 11)
small = st.floats(-0.4, 0.4)


def seen_by_infrared(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which pixels of the visible image have their centre in the infrared one, (H, W)."""
    homogeneous = np.c_[pixel_centres(VISIBLE), np.ones(VISIBLE[0] * VISIBLE[1])] @ np.linalg.inv(matrix).T
    back, in_front = homogeneous[:, :2] / homogeneous[:, 2:], homogeneous[:, 2] > 0
    inside = in_front & (back >= -0.5).all(1) & (back <= np.array(INFRARED) - 0.5).all(1)
    return inside.reshape(VISIBLE[::-1])


def largest_area(seen: npt.NDArray[np.bool_]) -> int:
    """Try all rectangles."""
    total = np.pad(seen.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    best = 0
    for top, left in product(range(VISIBLE[1]), range(VISIBLE[0])):
        for bottom, right in product(range(top + 1, VISIBLE[1] + 1), range(left + 1, VISIBLE[0] + 1)):
            area = (bottom - top) * (right - left)
            count = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
            best = max(best, area if count == area else 0)
    return best


@settings(derandomize=True, deadline=None, max_examples=60, database=None)
@given(
    st.tuples(*[small] * 4), st.tuples(st.floats(-8, 12), st.floats(-8, 9)), st.tuples(*[st.floats(-0.03, 0.03)] * 2)
)
def test_the_frame_of_any_transform_is_the_largest_rectangle_that_infrared_covers(
    linear: tuple[float, ...], shift: tuple[float, float], slant: tuple[float, float]
) -> None:
    a, b, c, d = linear
    matrix = np.array([[1 + a, b, shift[0]], [c, 1 + d, shift[1]], [*slant, 1]])
    try:
        require_matrix(matrix, "homography", INFRARED)
    except InputError:
        assume(False)
    seen = seen_by_infrared(matrix)
    if not seen.any():
        with pytest.raises(InputError, match="covers no visible pixel"):
            covered_frame(matrix, INFRARED, VISIBLE)
        return
    left, top, width, height = covered_frame(matrix, INFRARED, VISIBLE)
    assert seen[top : top + height, left : left + width].all()
    assert width * height == largest_area(seen)


def test_equal_images_are_covered_as_a_whole() -> None:
    assert covered_frame(np.eye(3), (640, 480), (640, 480)) == (0, 0, 640, 480)


def test_the_covered_part_of_a_scaled_image_ends_at_the_outer_edge_of_its_last_pixel() -> None:
    matrix = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]])  # first infrared pixel: the first two by two visible ones
    assert transform_points(matrix, np.array([[-0.5, -0.5]])).tolist() == [[-0.5, -0.5]]
    assert covered_frame(matrix, (100, 50), (640, 480)) == (0, 0, 200, 100)
