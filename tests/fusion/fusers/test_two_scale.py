"""Two-scale fusion by saliency."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import median_filter, uniform_filter

from fusion import build_fuser


def test_it_is_the_formula_of_the_paper() -> None:
    infrared, visible = np.random.default_rng(0).random((2, 50, 61))
    bases = [uniform_filter(image, 35, mode="nearest") for image in (infrared, visible)]
    salient = [
        np.abs(base - median_filter(image, 3, mode="nearest"))
        for image, base in zip((infrared, visible), bases, strict=True)
    ]
    weight = salient[0] / (salient[0] + salient[1])
    expected = sum(bases) / 2 + weight * (infrared - bases[0]) + (1 - weight) * (visible - bases[1])
    fused = build_fuser("two_scale_saliency").fuse(
        *(torch.tensor(i[None, None], dtype=torch.float32) for i in (infrared, visible))
    )
    np.testing.assert_allclose(fused[0, 0], expected.clip(0, 1), atol=1e-5)


def test_the_detail_of_the_only_salient_image_is_kept() -> None:
    spot = torch.full((1, 1, 64, 64), 0.5)
    spot[..., 30:34, 30:34] = 0.8
    flat = torch.full((1, 1, 64, 64), 0.5)
    for pair in ((spot, flat), (flat, spot)):
        fused = build_fuser("two_scale_saliency").fuse(*pair)
        assert fused[0, 0, 31, 31] - fused[0, 0, 31, 20] > 0.29  # the mean of both would give 0.15
