import json
import math

import numpy as np
import pytest
import torch

from fusion.training.losses.distillation import distillation_loss
from fusion.training.losses.information import information_loss
from fusion.training.losses.terms import (
    fusion_loss,
    fusion_term,
    gate_map,
    invariance_loss,
    necessity_loss,
)
from fusion.training.settings import LossWeights

LN2 = math.log(2)


@pytest.fixture(scope="module")
def inputs(shared):
    with np.load(shared / "oracle" / "isfuse" / "loss_inputs.npz") as stored:
        return {name: torch.from_numpy(stored[name]) for name in stored}


@pytest.fixture(scope="module")
def expected(shared):
    return json.loads((shared / "oracle" / "isfuse" / "loss_expected.json").read_text())


def test_the_fusion_loss_is_that_of_the_released_code(inputs, expected):
    loss = fusion_loss(inputs["out"], inputs["ir"], inputs["vi"])
    assert loss.item() == pytest.approx(expected["L_f"], abs=1e-6)


@pytest.mark.parametrize(("sign", "name"), [(-1.0, "L_inv_released_sign"), (1.0, "L_inv_binary_sign")])
def test_the_invariance_loss_is_that_of_the_released_code_with_either_sign(inputs, expected, sign, name):
    losses = [
        invariance_loss(inputs["out"], inputs[f"y_{kind}"], inputs[f"g_{kind}"], 0.3, sign) for kind in ("comp", "rand")
    ]
    assert torch.stack(losses).mean().item() == pytest.approx(expected[name], abs=1e-6)


def test_each_part_of_the_invariance_loss_is_that_of_the_released_code(inputs, expected):
    for kind in ("comp", "rand"):
        change, opening, entropy = expected[f"{kind}_terms"]
        arguments = inputs["out"], inputs[f"y_{kind}"], inputs[f"g_{kind}"]
        with_entropy, against, without = (invariance_loss(*arguments, 0.3, sign).item() for sign in (1, -1, 0))
        assert without == pytest.approx(change + opening, abs=1e-6)
        assert (with_entropy - against) / 2 == pytest.approx(entropy, abs=1e-6)
        unchanged = invariance_loss(inputs["out"], inputs["out"], inputs[f"g_{kind}"], 0.3, 0).item()
        assert unchanged == pytest.approx(opening, abs=1e-6)


def test_the_necessity_loss_is_that_of_the_released_code(inputs, expected):
    loss = necessity_loss(inputs["out"], inputs["y_vis0"], inputs["y_ir0"])
    assert loss.item() == pytest.approx(expected["L_nec"], abs=1e-6)


def test_the_default_weights_add_up_to_the_released_total(expected):
    weights = LossWeights()
    total = (
        expected["L_f"]
        + weights.invariance * expected["L_inv_released_sign"]
        + weights.necessity_sign * weights.necessity * expected["L_nec"]
    )
    assert weights.entropy_sign == -1
    assert total == pytest.approx(expected["total_released"], abs=1e-6)


def test_three_equal_images_have_zero_fusion_loss():
    image = torch.rand(2, 1, 9, 7)
    assert fusion_loss(image, image, image) == 0


def test_the_fusion_loss_has_its_closed_form_on_constant_images_with_zeros_outside():
    fused, infrared, visible = (torch.full((1, 1, 3, 4), level) for level in (0.5, 0.9, 0.3))
    # Missing neighbours count as zeros: 5 at each of 4 corners, 3 at each of 6 other border pixels, 0 at 2 inner ones.
    missing = (4 * 5 + 6 * 3) / 12
    edges = (0.9 - 0.5) * missing
    assert fusion_loss(fused, infrared, visible).item() == pytest.approx(0.4 + 0.2 + edges, abs=1e-6)
    assert fusion_loss(fused, infrared, visible, edges=0).item() == pytest.approx(0.4 + 0.2, abs=1e-6)
    assert fusion_loss(fused, infrared, visible, edges=3).item() == pytest.approx(0.4 + 0.2 + 3 * edges, abs=3e-6)


def test_an_edge_counts_with_centre_8_and_neighbours_1_whatever_its_sign():
    dot, empty = torch.zeros(1, 1, 7, 7), torch.zeros(1, 1, 7, 7)
    dot[..., 3, 3] = 1
    assert fusion_loss(empty, dot, empty).item() == pytest.approx((1 + 8 + 8 * 1) / 49, abs=1e-6)
    assert fusion_loss(dot, -dot, dot).item() == pytest.approx(2 / 49, abs=1e-6)


def test_an_unchanged_output_leaves_opening_and_entropy():
    image, gate = torch.rand(2, 1, 4, 4), torch.full((2, 1, 4, 4), 0.5)
    assert invariance_loss(image, image, gate, 0.3, 1).item() == pytest.approx(0.2 + LN2, abs=1e-6)
    assert invariance_loss(image, image, gate, 0.3, -1).item() == pytest.approx(0.2 - LN2, abs=1e-6)
    assert invariance_loss(image, image, gate, 0.5, 0).item() == 0


def test_a_change_counts_where_the_gate_is_open():
    gate = torch.zeros(1, 1, 2, 2)
    gate[..., 0, :] = 1
    fused = torch.zeros(1, 1, 2, 2)
    changed_outside, changed_inside = fused.clone(), fused.clone()
    changed_outside[..., 1, :], changed_inside[..., 0, :] = 0.6, 0.6
    assert invariance_loss(fused, changed_outside, gate, 0.5, 0).item() == 0
    assert invariance_loss(fused, changed_inside, gate, 0.5, 0).item() == pytest.approx(0.3)


def test_the_gate_target_applies_per_sample():
    image = torch.zeros(2, 1, 4, 4)
    gate = torch.tensor([0.1, 0.5]).view(2, 1, 1, 1).expand(2, 1, 4, 4)  # 0.3 on the mean of both
    assert invariance_loss(image, image, gate, 0.3, 0).item() == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize("gate", [0.0, 1.0])
def test_a_closed_or_open_gate_has_finite_entropy_and_gradient(gate):
    image, gate = torch.zeros(1, 1, 4, 4), torch.full((1, 1, 4, 4), gate, requires_grad=True)
    loss = invariance_loss(image, image, gate, gate.mean().item(), 1)
    loss.backward()
    assert 0 <= loss.item() < 1e-4
    assert torch.isfinite(gate.grad).all()


def test_necessity_is_zero_when_nothing_changes_and_adds_both_changes():
    image = torch.rand(2, 1, 4, 4)
    assert necessity_loss(image, image, image) == 0
    assert necessity_loss(image, image + 0.1, image - 0.2).item() == pytest.approx(0.3, abs=1e-6)


def test_a_gate_map_averages_channels_and_scales_at_the_given_size():
    fine = torch.rand(2, 4, 8, 12)
    constant = torch.full((2, 1, 2, 3), 0.25)
    averaged = gate_map([fine, constant], (8, 12))
    torch.testing.assert_close(averaged, (fine.mean(dim=1, keepdim=True) + 0.25) / 2)


def test_a_coarse_gate_is_upsampled_bilinearly_between_pixel_centres():
    coarse = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2)
    torch.testing.assert_close(gate_map([coarse], (1, 4)).flatten(), torch.tensor([0.0, 0.25, 0.75, 1.0]))


@pytest.mark.parametrize("form", ["detail", "paper"])
@pytest.mark.parametrize("has_teacher", [False, True])
def test_information_is_added_to_every_fusion_term(form, has_teacher):
    fused, infrared, visible, teacher_output = torch.rand(
        4, 2, 1, 24, 24, generator=torch.Generator().manual_seed(0)
    ).unbind()
    teacher = teacher_output if has_teacher else None
    without, with_it = (
        fusion_term(fused, infrared, visible, LossWeights(form, information), teacher) for information in (0.0, 0.4)
    )
    torch.testing.assert_close(with_it - without, 0.4 * information_loss(fused, infrared, visible))
    if has_teacher:
        assert without == distillation_loss(fused, teacher_output)
