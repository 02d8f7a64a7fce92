"""Equality with metrics of independent libraries, if these are installed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.fusion.metrics.plain_filters import Pixels
from tests.fusion.metrics.synthetic_triplets import as_batch, make_triplet, measure_one

LOOSER = {"VIF": 1e-8, "MS_SSIM": 1e-9}
TOLERANCE = 1e-10
Triplet = tuple[Pixels, Pixels, Pixels]


def make_noise() -> Triplet:
    first, second, third = np.random.default_rng(1).integers(0, 256, (3, 176, 192)).astype(np.uint8)
    return first, second, third


IMAGES: dict[str, Triplet] = {  # sides divisible by 16: libraries halve odd sides in different ways
    "smooth_176x208": make_triplet(176, 208),
    "smooth_192x240": make_triplet(192, 240),
    "noise_176x192": make_noise(),
}


@pytest.fixture(scope="module", params=IMAGES)
def triplet(request: pytest.FixtureRequest) -> Triplet:
    return IMAGES[request.param]


def _reference_skimage_ssim(source: Pixels, fused: Pixels, data_range: float) -> float:
    metrics = pytest.importorskip("skimage.metrics")
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "truncate": 3.5}
    images = source.astype(np.float64), fused.astype(np.float64)
    return float(metrics.structural_similarity(*images, data_range=data_range, **settings))


def _reference_skimage_ssim_uniform(source: Pixels, fused: Pixels) -> float:
    metrics = pytest.importorskip("skimage.metrics")
    images = source.astype(np.float64), fused.astype(np.float64)
    return float(metrics.structural_similarity(*images, data_range=2))


def _reference_sewar_vifp(source: Pixels, fused: Pixels) -> float:
    full_ref = pytest.importorskip("sewar.full_ref")
    return float(full_ref.vifp(source, fused))


def _reference_sklearn_mutual_info(source: Pixels, fused: Pixels) -> float:
    metrics = pytest.importorskip("sklearn.metrics")
    return float(metrics.mutual_info_score(source.ravel(), fused.ravel()))


def _reference_pytorch_msssim_ms_ssim(source: Pixels, fused: Pixels) -> float:
    library = pytest.importorskip("pytorch_msssim")
    offset = torch.arange(11, dtype=torch.float64) - 5
    window = torch.exp(-(offset**2) / (2 * 1.5**2))  # the library's own window is rounded to single precision
    images = as_batch(source).double(), as_batch(fused).double()
    return float(library.ms_ssim(*images, data_range=255, win=(window / window.sum()).view(1, 1, 1, 11)))


def agrees(found: float, expected: float, metric: str) -> bool:
    return found == pytest.approx(expected, rel=0, abs=LOOSER.get(metric, TOLERANCE))


@pytest.mark.parametrize(("metric", "levels"), [("SSIM", 255), ("SSIM_L1", 1)])
def test_ssim_is_the_mean_of_those_of_scikit_image(triplet: Triplet, metric: str, levels: float) -> None:
    expected = [_reference_skimage_ssim(source, triplet[2], levels) for source in triplet[:2]]
    assert agrees(measure_one(triplet, metric, "eif"), sum(expected) / 2, metric)


def test_the_ssim_of_vifb_is_the_sum_of_those_of_scikit_image(triplet: Triplet) -> None:
    expected = [_reference_skimage_ssim(source, triplet[2], 255) for source in triplet[:2]]
    assert agrees(measure_one(triplet, "SSIM", "vifb"), sum(expected), "SSIM")


def test_the_ssim_of_cddfuse_is_the_sum_of_those_of_scikit_image_with_a_range_of_2(triplet: Triplet) -> None:
    expected = [_reference_skimage_ssim_uniform(source, triplet[2]) for source in triplet[:2]]
    assert agrees(measure_one(triplet, "SSIM", "cddfuse"), sum(expected), "SSIM")


def test_vif_is_the_sum_of_those_of_sewar(triplet: Triplet) -> None:
    expected = [_reference_sewar_vifp(source, triplet[2]) for source in triplet[:2]]
    assert agrees(measure_one(triplet, "VIF", "eif"), sum(expected), "VIF")


def test_mutual_information_is_the_sum_of_those_of_scikit_learn(triplet: Triplet) -> None:
    expected = sum(_reference_sklearn_mutual_info(source, triplet[2]) for source in triplet[:2])
    assert agrees(measure_one(triplet, "MI", "cddfuse"), expected, "MI")
    assert agrees(measure_one(triplet, "MI", "eif"), expected / np.log(2), "MI")


def test_ms_ssim_is_the_mean_of_those_of_pytorch_msssim(triplet: Triplet) -> None:
    expected = [_reference_pytorch_msssim_ms_ssim(source, triplet[2]) for source in triplet[:2]]
    assert agrees(measure_one(triplet, "MS_SSIM", "eif"), sum(expected) / 2, "MS_SSIM")
