import pytest
import torch

from fusion.errors import InputError
from fusion.metrics import measure
from fusion.training.losses.detail import detail_loss
from fusion.training.losses.information import information_loss
from fusion.training.losses.terms import fusion_term
from fusion.training.settings import LossWeights


def image(seed, smoothness, size=96):
    noise = torch.rand(2, 1, size, size + smoothness - 1, generator=torch.Generator().manual_seed(seed))
    smooth = torch.nn.functional.avg_pool2d(noise, (1, smoothness), stride=1)
    return (smooth * 255).round() / 255


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_it_is_two_minus_the_metric_where_nothing_is_amplified(share):
    infrared, visible = image(1, 5)[:1], image(2, 3)[:1]
    fused = ((share * infrared + (1 - share) * visible) * 255).round() / 255
    metric = measure(*(255 * one for one in (infrared, visible, fused)), ["VIF"], "eif")["VIF"].item()
    assert information_loss(fused, infrared, visible).item() == pytest.approx(2 - metric, abs=1e-4)


def test_equal_images_lose_nothing_and_amplifying_gains_nothing():
    infrared = image(1, 3)
    assert information_loss(infrared, infrared, infrared).item() == pytest.approx(0, abs=1e-3)
    assert information_loss(2 * infrared, infrared, infrared).item() == pytest.approx(0, abs=1e-3)
    assert information_loss(0.5 * infrared, infrared, infrared) > 0.1


def test_a_flat_fused_image_loses_everything():
    assert information_loss(torch.full((2, 1, 96, 96), 0.5), image(1, 3), image(2, 5)).item() == pytest.approx(
        2, abs=0.01
    )


def test_a_crop_without_content_has_no_weight():
    seen, flat = image(1, 3)[:1], torch.full((1, 1, 96, 96), 0.5)
    alone = information_loss(0.5 * seen, seen, seen)
    both = information_loss(torch.cat([0.5 * seen, seen]), torch.cat([seen, flat]), torch.cat([seen, flat]))
    assert both.item() == pytest.approx(alone.item(), abs=1e-4)


def test_a_gradient_step_lowers_the_loss():
    infrared, visible = image(1, 3), image(2, 5)
    fused = torch.full_like(infrared, 0.5).add(0.01 * infrared).requires_grad_()
    before = information_loss(fused, infrared, visible)
    (gradient,) = torch.autograd.grad(before, fused)
    assert gradient.isfinite().all()
    assert information_loss(fused - 0.1 * gradient / gradient.abs().max(), infrared, visible) < before


@pytest.mark.parametrize("size", [17, 26, 33, 41])
def test_small_crops_have_fewer_scales(size):
    infrared, visible = image(1, 3, size), image(2, 5, size)
    assert 0.1 < information_loss((infrared + visible) / 2, infrared, visible) < 1.9


def test_crops_smaller_than_the_window_have_zero_loss():
    assert information_loss(image(0, 3, 16), image(1, 3, 16), image(2, 5, 16)) == 0


def test_black_images_have_finite_gradients():
    black = torch.zeros(1, 1, 64, 64)
    fused = black.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(information_loss(fused, black, black), fused)
    assert gradient.isfinite().all()


def test_it_is_computed_in_float32_inside_bfloat16_autocast():
    images = image(0, 3), image(1, 3), image(2, 5)
    with torch.autocast("cpu", torch.bfloat16):
        inside = information_loss(*images)
    assert inside.item() == information_loss(*images).item()


@pytest.mark.parametrize("weight", [0.0, 0.3])
def test_it_is_added_to_the_fusion_term_with_its_weight(weight):
    images = image(0, 3), image(1, 3), image(2, 5)
    expected = detail_loss(*images) + weight * information_loss(*images)
    assert fusion_term(*images, LossWeights(information=weight)).item() == pytest.approx(expected.item())


def test_a_negative_weight_is_refused():
    with pytest.raises(InputError, match=r"loss\.information=-0\.1: .*expected 0 or more"):
        LossWeights(information=-0.1)
