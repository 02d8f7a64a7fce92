"""Tests of the picture of a registration."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.registration import draw_registration
from tests.made_rigs import infrared_view, rig, visible_view


@pytest.mark.parametrize("frame", [None, (10, 0, 3, 128), (0, 40, 160, 2)])
def test_a_picture_is_two_rows_of_a_bounded_size_whatever_the_frame(frame: tuple[int, int, int, int] | None) -> None:
    registration = rig(frame=frame) if frame else rig()
    infrared, visible = (view(registration).astype(np.float32) for view in (infrared_view, visible_view))
    picture = draw_registration(registration, infrared, visible)
    assert picture.shape[1] == 2 * 640 + 8
    assert picture.shape[0] <= 2 * (640 + 28) + 8


def test_edges_that_agree_are_white() -> None:
    registration = rig()
    infrared, visible = (view(registration).astype(np.float32) for view in (infrared_view, visible_view))
    picture = draw_registration(registration, infrared, visible)
    edges = picture[len(picture) // 2 + 60 : -20, 648 + 20 : -20].astype(int)
    assert np.abs(edges[..., 2] - edges[..., 0]).mean() < 12
    before = picture[50 : len(picture) // 2 - 60, 648 + 20 : -20].astype(int)
    assert np.abs(before[..., 2] - before[..., 0]).mean() > 30
