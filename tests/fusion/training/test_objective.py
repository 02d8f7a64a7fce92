import copy
from dataclasses import replace

import pytest
import torch

from fusion.errors import InputError
from fusion.interventions import Masks, complementary_masks, random_masks
from fusion.networks.isfuse import ISFuse
from fusion.seeds import generator_for
from fusion.training.losses.terms import fusion_term, gate_map, invariance_loss, necessity_loss
from fusion.training.objective import ABLATIONS, Objective
from fusion.training.settings import LossWeights

SIZE = 4, 32, 36
VARIANTS = [(shared, gate) for shared in (True, False) for gate in ("channel", "pixel")]


def network_of(shared_encoder=True, gate="channel"):
    """Build a network with BatchNorm offsets other than their initial 0.

    With offsets of 0, the features of an all-zero image have zero variance: BatchNorm then multiplies rounding errors
    by 316 per layer, and the gradients of two equivalent computations have nothing in common.
    """
    torch.manual_seed(1)
    network = ISFuse(shared_encoder, gate, channels=8)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.bias, 0, 0.3)
    return network


def batch(seed=0):
    generator = generator_for(seed, "images")
    images = torch.rand(2, SIZE[0], 1, *SIZE[1:], generator=generator).unbind()
    return *images, complementary_masks(*SIZE, generator), random_masks(*SIZE, generator)


def terms_by_five_full_passes(network, weights, infrared, visible, complementary, random):
    standard = network(infrared, visible)
    invariance = 0
    for mask in (complementary, random):
        intervened = network(infrared * mask.infrared, visible * mask.visible)
        gate = gate_map(intervened.gates, SIZE[1:])
        invariance += invariance_loss(standard.fused, intervened.fused, gate, weights.gate_target, weights.entropy_sign)
    without_visible = network(infrared, torch.zeros_like(visible)).fused
    without_infrared = network(torch.zeros_like(infrared), visible).fused
    terms = {
        "fusion": fusion_term(standard.fused, infrared, visible, weights),
        "invariance": invariance / 2,
        "necessity": necessity_loss(standard.fused, without_visible, without_infrared),
        "gate": gate_map(standard.gates, SIZE[1:]).mean(),
    }
    terms["total"] = (
        terms["fusion"]
        + weights.invariance * terms["invariance"]
        + weights.necessity_sign * weights.necessity * terms["necessity"]
    )
    return terms


def gradients(network, total):
    network.zero_grad()
    total.backward()
    return {name: parameter.grad.clone() for name, parameter in network.named_parameters()}


def running_statistics(network):
    return {name: value for name, value in network.state_dict().items() if "running" in name}


def same(first, second):
    return all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize("batchnorm", ["standard", "all"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_shared_features_have_the_terms_and_gradients_of_five_full_passes(variant, batchnorm):
    weights = LossWeights(edges=0.7, invariance=0.6, necessity=0.4)  # so that no term is small
    network = network_of(*variant).double().train()
    plain = copy.deepcopy(network)
    infrared, visible, *masks = batch()
    inputs = infrared.double(), visible.double(), *masks
    ours = Objective(weights, batchnorm=batchnorm, divided=False).terms(network, *inputs)
    expected = terms_by_five_full_passes(plain, weights, *inputs)
    assert ours.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(ours[name].double(), value.double(), rtol=0, atol=1e-6)
    reference = gradients(plain, expected["total"])
    for name, gradient in gradients(network, ours["total"]).items():
        torch.testing.assert_close(gradient, reference[name], rtol=0, atol=1e-6)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_terms_in_eval_mode_are_those_of_five_full_passes(variant):
    network = network_of(*variant).eval()
    before = running_statistics(copy.deepcopy(network))
    with torch.no_grad():
        ours = Objective(divided=False).terms(network, *batch())
        expected = terms_by_five_full_passes(network, LossWeights(), *batch())
    for name, value in expected.items():
        torch.testing.assert_close(ours[name], value, rtol=0, atol=1e-5)
    assert same(before, running_statistics(network))


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_the_standard_pass_updates_the_running_statistics(variant):
    network, alone = network_of(*variant).train(), network_of(*variant).train()
    infrared, visible, *masks = batch()
    Objective(batchnorm="standard").terms(network, infrared, visible, *masks)
    alone(infrared, visible)
    assert same(running_statistics(alone), running_statistics(network))


def test_all_passes_update_the_running_statistics_on_request():
    network, alone = network_of().train(), network_of().train()
    infrared, visible, *masks = batch()
    Objective(batchnorm="all").terms(network, infrared, visible, *masks)
    alone(infrared, visible)
    statistics = running_statistics(network)
    assert not any(torch.equal(value, statistics[name]) for name, value in running_statistics(alone).items())


def test_the_momentum_of_batchnorm_is_restored_even_after_an_error():
    network = network_of().train()
    infrared, visible, *_ = batch()
    broken = Masks(torch.ones(4, 1, 5, 5), torch.ones(4, 1, 5, 5))
    with pytest.raises(RuntimeError):
        Objective().terms(network, infrared, visible, broken, broken)
    layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert {layer.momentum for layer in layers} == {0.1}


def total(ablation, network=None, weights=None, seed=0):
    return Objective(weights or LossWeights(), ablation).terms(network or network_of().train(), *batch(seed))


def test_the_list_of_ablations_is_that_of_the_paper():
    assert list(ABLATIONS) == [
        "full", "no_integrator", "no_invariance", "no_necessity", "no_invariance_no_necessity", "no_interventions",
    ]  # fmt: skip


@pytest.mark.parametrize("part", ["integrator", "invariance", "necessity", "interventions"])
def test_the_full_objective_leaves_nothing_out(part):
    assert not Objective().leaves_out(part)


@pytest.mark.parametrize(
    ("ablation", "alpha", "beta"),
    [
        ("full", 0.1, 0.05),
        ("no_integrator", 0.1, 0.05),
        ("no_invariance", 0.0, 0.05),
        ("no_necessity", 0.1, 0.0),
        ("no_invariance_no_necessity", 0.0, 0.0),
        ("no_interventions", 0.0, 0.0),
    ],
)
def test_an_ablation_leaves_its_terms_out_of_the_total(ablation, alpha, beta):
    terms = total(ablation)
    expected = terms["fusion"] + alpha * terms["invariance"] + beta * terms["necessity"]
    torch.testing.assert_close(terms["total"], expected, rtol=0, atol=1e-7)
    measured = ablation != "no_interventions"
    assert (terms["invariance"] != 0) == (terms["necessity"] != 0) == measured


@pytest.mark.parametrize("ablation", ABLATIONS)
def test_a_term_that_is_left_out_is_measured_without_gradient(ablation):
    terms = total(ablation)
    for name in ("invariance", "necessity"):
        is_left_out = ablation == "no_interventions" or Objective(ablation=ablation).leaves_out(name)
        assert terms[name].requires_grad == (not is_left_out)


def test_only_no_integrator_leaves_the_integrator_out():
    assert [name for name in ABLATIONS if Objective(ablation=name).leaves_out("integrator")] == ["no_integrator"]


@pytest.mark.parametrize(
    ("ablation", "depends"),
    [("full", True), ("no_necessity", True), ("no_invariance", False), ("no_invariance_no_necessity", False)],
)
def test_the_gradient_depends_on_the_masks_only_with_the_invariance_term(ablation, depends):
    infrared, visible, *masks = batch()
    _, _, *others = batch(seed=5)
    found = []
    for drawn in (masks, others):
        network = network_of().train()
        terms = Objective(ablation=ablation, divided=False).terms(network, infrared, visible, *drawn)
        found.append(gradients(network, terms["total"]))
    assert same(*found) != depends


def test_without_either_term_the_gradient_is_that_of_the_fusion_loss():
    infrared, visible, *masks = batch()
    network, alone = network_of().train(), network_of().train()
    expected = gradients(alone, fusion_term(alone(infrared, visible).fused, infrared, visible, LossWeights()))
    for ablation in ("no_invariance_no_necessity", "no_interventions"):
        terms = Objective(ablation=ablation).terms(network, infrared, visible, *masks)
        assert same(gradients(network, terms["total"]), expected)


def test_the_necessity_sign_flips_the_necessity_term():
    minimised, maximised = (total("full", weights=LossWeights(necessity_sign=sign)) for sign in (1.0, -1.0))
    assert minimised["necessity"] == maximised["necessity"] > 0
    torch.testing.assert_close(
        minimised["total"] - maximised["total"], 2 * 0.05 * minimised["necessity"], rtol=0, atol=1e-6
    )


def test_the_entropy_sign_flips_the_entropy_of_the_gates():
    base = LossWeights()
    against, without, towards = (
        total("full", weights=replace(base, entropy_sign=sign))["invariance"] for sign in (-1.0, 0.0, 1.0)
    )
    assert against < without < towards
    torch.testing.assert_close(towards - without, without - against, rtol=0, atol=1e-6)


def test_the_reported_gate_carries_no_gradient():
    assert not total("full")["gate"].requires_grad


def test_an_unknown_ablation_gets_a_suggestion_and_the_list():
    with pytest.raises(InputError, match=r"unknown ablation 'no_necesity'. Did you mean 'no_necessity'\? Known: full"):
        Objective(ablation="no_necesity")


@pytest.mark.parametrize("sample_indices", [[0, 1, 2, 3], [6, 7, 8, 9], [3, 0, 5, 10]])
def test_a_divided_batch_applies_each_intervention_to_a_quarter_of_its_samples(sample_indices):
    network = network_of().eval()
    infrared, visible, *masks = batch()
    with torch.no_grad():
        ours = Objective().terms(network, infrared, visible, *masks, sample_indices=sample_indices)
        fused = network(infrared, visible).fused
        invariance = necessity = 0
        for sample, index in enumerate(sample_indices):
            one = slice(sample, sample + 1)
            if index % 4 < 2:
                hidden = masks[index % 4]
                hit = network((infrared * hidden.infrared)[one], (visible * hidden.visible)[one])
                invariance += invariance_loss(fused[one], hit.fused, gate_map(hit.gates, SIZE[1:])).item() / 2
            else:
                hit = network(infrared[one] * (index % 4 == 2), visible[one] * (index % 4 == 3))
                necessity += (hit.fused - fused[one]).abs().mean().item()
    assert ours["invariance"].item() == pytest.approx(invariance, rel=1e-5)
    assert ours["necessity"].item() == pytest.approx(necessity, rel=1e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_divided_batches_of_any_size_have_the_terms_of_whole_ones_on_average(size):
    network = network_of().eval()
    infrared, visible, *masks = batch()
    means = dict.fromkeys(("invariance", "necessity"), 0.0)
    count = 0
    with torch.no_grad():
        for shift in range(4):  # so that every sample has every intervention
            for start in range(0, 4, size):
                part = slice(start, start + size)
                kinds = [Masks(*(mask[part] for mask in kind)) for kind in masks]
                sample_indices = [shift + sample for sample in range(4)[part]]
                terms = Objective().terms(network, infrared[part], visible[part], *kinds, sample_indices=sample_indices)
                count += len(sample_indices)
                for name in means:
                    means[name] += terms[name].item() * len(sample_indices)
        whole = Objective(divided=False).terms(network, infrared, visible, *masks)
    for name, value in means.items():
        assert value / count == pytest.approx(whole[name].item(), rel=1e-5)


def test_without_masks_only_the_standard_pass_runs():
    terms = Objective().terms(network_of().train(), *batch()[:2])
    assert terms["invariance"] == terms["necessity"] == 0
    assert terms["total"] == terms["fusion"]
