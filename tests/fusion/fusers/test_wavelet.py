"""Fusion in the wavelet domain."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fusion import InputError, build_fuser
from fusion.fusers.contract import SIZES, contract_violations
from fusion.fusers.wavelet import choose_stronger

FLAT = torch.full((1, 1, 32, 32), 0.5)


@pytest.mark.parametrize("wavelet", ["haar", "db2", "sym4", "bior2.2"])
@pytest.mark.parametrize("levels", [1, 4, 20])
def test_every_wavelet_and_depth_reconstructs_equal_images(wavelet: str, levels: int) -> None:
    fuser = build_fuser("wavelet", wavelet=wavelet, levels=levels)
    assert contract_violations(fuser) == []
    for size in SIZES:
        image = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(fuser.fuse(image, image), image, rtol=0, atol=1e-6)


def test_the_stronger_detail_is_added_to_the_mean_of_both() -> None:
    striped = torch.full((1, 1, 32, 32), 0.3)
    striped[..., ::2] += 0.2
    for pair in ((striped, FLAT), (FLAT, striped)):
        fused = build_fuser("wavelet", wavelet="haar", levels=1).fuse(*pair)
        torch.testing.assert_close(fused, striped + (FLAT.mean() - striped.mean()) / 2, rtol=0, atol=1e-6)


def test_a_selection_against_the_majority_of_its_window_is_reversed() -> None:
    lonely, even = np.zeros((7, 7)), np.ones((7, 7))
    lonely[3, 3] = 5  # the strongest in nine windows; the four corners are against the majority
    expected = np.ones((7, 7))
    expected[[2, 3, 3, 3, 4], [3, 2, 3, 4, 3]] = [0, 0, 5, 0, 0]
    assert (choose_stronger(lonely, even) == expected).all()
    assert (choose_stronger(even, lonely) == expected).all()


def test_small_images_get_fewer_scales_down_to_the_mean() -> None:
    infrared, visible = torch.rand(2, 1, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(build_fuser("wavelet").fuse(infrared, visible), (infrared + visible) / 2)


def test_an_option_out_of_range_is_reported() -> None:
    with pytest.raises(InputError, match=r"unknown wavelet 'db222'\. Did you mean 'db22'"):
        build_fuser("wavelet", wavelet="db222")
    with pytest.raises(InputError, match=r"fuser 'wavelet': levels=0 out of range \(expected at least 1\)"):
        build_fuser("wavelet", levels=0)
