import pytest
import torch

from fusion.errors import InputError
from fusion.training.losses.detail import detail_loss
from fusion.training.settings import LossWeights


def image(seed, size=64):
    return torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(seed))


def test_both_sources_have_the_same_weight():
    fused, infrared, visible = image(0), image(1), image(2)
    assert detail_loss(fused, infrared, visible).item() == pytest.approx(detail_loss(fused, visible, infrared).item())


def test_equal_constant_images_have_zero_loss():
    grey = torch.full((1, 1, 48, 48), 0.4)
    assert detail_loss(grey, grey, grey).item() == pytest.approx(0, abs=1e-6)
    assert detail_loss(grey + 0.1, grey, grey).item() == pytest.approx(0.1 + 4 * 0.1, rel=1e-4)  # both sources, base


def test_the_target_edges_are_those_of_the_more_active_source():
    edge, flat = image(1), torch.full((2, 1, 64, 64), 0.5)
    assert detail_loss(edge, edge, flat) < detail_loss(0.5 * edge + 0.25, edge, flat) < detail_loss(flat, edge, flat)


@pytest.mark.parametrize("size", [16, 33])
def test_small_crops_have_a_finite_loss(size):
    assert detail_loss(image(0, size), image(1, size), image(2, size)).isfinite()


def test_an_unknown_form_gets_a_suggestion():
    with pytest.raises(InputError, match=r"unknown form of the fusion term 'papr'\. Did you mean 'paper'"):
        LossWeights(form="papr")
