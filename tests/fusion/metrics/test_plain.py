"""Equality with plain implementations in NumPy and SciPy, which share no code with the product."""

from __future__ import annotations

import pytest

from fusion.metrics import CONVENTIONS, measure
from tests.fusion.metrics.plain_conventions import PLAIN
from tests.fusion.metrics.plain_filters import Pixels
from tests.fusion.metrics.synthetic_triplets import TRIPLETS, as_batch, make_triplet, read_triplet

TOLERANCE = 1e-9
LOOSER = {"VIF": 1e-8}  # differences of variances near its threshold of 1e-10
FIVE_SCALES = 176  # the smallest side for MS_SSIM
MADE = "made_200x240"


def images_of(name: str) -> tuple[Pixels, Pixels, Pixels]:
    return make_triplet(200, 240) if name == MADE else read_triplet(name)


@pytest.mark.parametrize("convention", PLAIN)
def test_every_metric_of_a_convention_has_a_plain_implementation(convention: str) -> None:
    assert set(CONVENTIONS[convention]) == set(PLAIN[convention])


def test_every_convention_has_plain_implementations() -> None:
    assert set(CONVENTIONS) == set(PLAIN)


@pytest.mark.parametrize("convention", PLAIN)
@pytest.mark.parametrize("name", [*TRIPLETS, MADE])
def test_measure_equals_the_plain_implementations(name: str, convention: str) -> None:
    images = images_of(name)
    plain = PLAIN[convention]
    names = [metric for metric in plain if metric != "MS_SSIM" or min(images[0].shape) >= FIVE_SCALES]
    if name == "triplet_6":
        names = [metric for metric in names if metric != "MEF_MS_SSIM"]  # negative scores have no real power
    infrared, visible, fused = (as_batch(image) for image in images)
    found = measure(infrared, visible, fused, names, convention)
    assert list(found) == names
    for metric in names:
        expected = plain[metric](*images)
        assert found[metric].item() == pytest.approx(expected, rel=0, abs=LOOSER.get(metric, TOLERANCE)), metric
