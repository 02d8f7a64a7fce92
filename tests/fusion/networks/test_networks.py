import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fusion.networks.folding import fold_batchnorm
from fusion.networks.integrator import CausalFeatureIntegrator, as_map, as_rows, attend
from fusion.networks.isfuse import Encoder, ISFuse

VARIANTS = [
    {"shared_encoder": shared, "gate": gate} for shared in (True, False) for gate in ("channel", "pixel", "none")
]
SMALL = {"shared_encoder": False, "gate": "pixel", "shrink": 2, "blend": True}


def randomised(network, seed=0):
    """Set BatchNorm statistics and factors to values like those after training."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.05, 0.5)
            nn.init.normal_(module.weight, 1, 0.2)
            nn.init.normal_(module.bias, 0, 0.2)
    return network.eval()


def attend_plainly(features, query, keys, values):
    """Project every pixel, then softmax over the keys."""
    queries, keys, values = query(features).flatten(2), keys.flatten(2), values.flatten(2)  # (B, C, pixels)
    logits = queries.transpose(1, 2) @ keys / features.shape[1] ** 0.5  # (B, HW, hw)
    return (values @ logits.softmax(dim=2).transpose(1, 2)).view_as(features)


def integrate_plainly(cfi, infrared, visible):
    """Follow the paper: project all pixels, pool keys and values afterwards."""

    def pooled(projection, features):
        return F.adaptive_avg_pool2d(projection(features), 8)

    complementary = attend_plainly(
        visible, cfi.query_visible, pooled(cfi.key_infrared, infrared), pooled(cfi.value_infrared, infrared)
    ) + attend_plainly(
        infrared, cfi.query_infrared, pooled(cfi.key_visible, visible), pooled(cfi.value_visible, visible)
    )
    gate = cfi.gate(complementary)
    return cfi.refine(gate * complementary + (1 - gate) * (infrared + visible)), gate


def test_the_released_variant_has_its_number_of_parameters():
    network = ISFuse(shared_encoder=False, gate="pixel")
    assert sum(parameter.numel() for parameter in network.parameters()) == 192_388


def test_a_shared_encoder_saves_one_encoder():
    one, two = ISFuse(shared_encoder=True), ISFuse(shared_encoder=False)
    encoder = sum(parameter.numel() for parameter in one.encoder_infrared.parameters())
    assert sum(p.numel() for p in two.parameters()) - sum(p.numel() for p in one.parameters()) == encoder
    image = torch.rand(1, 1, 8, 8)
    one.eval(), two.eval()
    assert torch.equal(one.encode_infrared(image)[1], one.encode_visible(image)[1])
    assert not torch.equal(two.encode_infrared(image)[1], two.encode_visible(image)[1])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", [(4, 4), (5, 7), (17, 30)])
def test_every_variant_takes_any_size_from_4_on(variant, size):
    network = ISFuse(**variant, channels=8).eval()
    fused, gates, _ = network(torch.rand(2, 1, *size), torch.rand(2, 1, *size))
    assert fused.shape == (2, 1, *size)
    assert 0 <= fused.min() <= fused.max() <= 1
    channels = 8 if variant["gate"] == "channel" else 1
    assert [gate.shape for gate in gates] == [(2, channels, size[0] >> k, size[1] >> k) for k in range(3)]
    assert all(0 <= gate.min() <= gate.max() <= 1 for gate in gates)


@pytest.mark.parametrize("shrink", [2, 3])
@pytest.mark.parametrize("size", [(4, 4), (5, 7), (17, 30)])
def test_a_network_that_downsamples_takes_any_size_too_and_returns_that_size(shrink, size):
    network = randomised(ISFuse(channels=4, shrink=shrink))
    infrared, visible = torch.rand(2, 2, 1, *size)
    fused, gates, _ = network(infrared, visible)
    assert fused.shape == (2, 1, *size)
    assert gates[0].shape[2:] == tuple(max(-(-side // shrink), 4) for side in size)
    sides = [max(-(-side // shrink), 4) * shrink for side in size]
    whole = [
        F.pad(image, (0, sides[1] - size[1], 0, sides[0] - size[0]), mode="replicate") for image in (infrared, visible)
    ]
    torch.testing.assert_close(fused, network(*whole).fused[:, :, : size[0], : size[1]], rtol=0, atol=1e-6)


def test_a_blend_is_a_weighted_sum_of_both_images_plus_an_offset():
    network = randomised(ISFuse(channels=4, shrink=2, blend=True))
    nn.init.zeros_(network.head.weight)
    network.head.bias.data = torch.tensor([0.75, 0.25, 0.1]).repeat_interleave(4)
    infrared, visible = torch.rand(2, 1, 1, 9, 13)
    fused = network(infrared, visible).fused
    torch.testing.assert_close(fused, (0.75 * infrared + 0.25 * visible + 0.1).clamp(0, 1), rtol=0, atol=1e-6)


def test_the_first_layer_of_a_network_that_downsamples_is_a_3x3_convolution_over_blocks_of_pixels():
    encoder = Encoder(4, downsample_factor=2)
    first, image = encoder.stages[0][0], torch.rand(1, 1, 8, 6)
    over_blocks = first.weight.view(4, 1, 3, 2, 3, 2).permute(0, 1, 3, 5, 2, 4).reshape(4, 4, 3, 3)
    expected = F.conv2d(F.pixel_unshuffle(image, 2), over_blocks, first.bias, padding=1)
    torch.testing.assert_close(first(image), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("infrared", "visible"),
    [((1, 1, 3, 8), (1, 1, 3, 8)), ((1, 1, 8, 3), (1, 1, 8, 3)), ((1, 1, 8, 8), (1, 1, 8, 9)), ((1, 3, 8, 8),) * 2],
)
def test_other_shapes_are_refused_and_reported(infrared, visible):
    with pytest.raises(ValueError, match=r"infrared \(1, .* and visible \(1, .*; expected two equal shapes") as refusal:
        ISFuse(channels=4)(torch.zeros(infrared), torch.zeros(visible))
    assert f"infrared {infrared} and visible {visible}" in str(refusal.value)


def test_an_unknown_gate_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"gate='chanel': unknown value \(expected 'channel', 'pixel' or 'none'\)"):
        ISFuse(gate="chanel")


def test_attending_through_folded_keys_equals_projecting_every_pixel():
    torch.manual_seed(0)
    query = nn.Conv2d(32, 32, 1)
    features, keys, values = torch.randn(2, 32, 9, 11), 3 * torch.randn(2, 32, 8, 8), torch.randn(2, 32, 8, 8)
    expected = attend_plainly(features, query, keys, values)
    attended = as_map(attend(as_rows(features), query, keys, values), features)
    torch.testing.assert_close(attended, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("gate", ["channel", "pixel"])
@pytest.mark.parametrize("size", [(16, 24), (5, 13)])
def test_projecting_after_pooling_equals_projecting_before(gate, size):
    cfi = randomised(CausalFeatureIntegrator(32, gate))
    infrared, visible = torch.randn(2, 2, 32, *size).unbind()
    for ours, plain in zip(cfi(infrared, visible), integrate_plainly(cfi, infrared, visible), strict=True):
        torch.testing.assert_close(ours, plain, rtol=0, atol=1e-5)


def test_without_gate_complementary_and_local_features_are_added():
    cfi = randomised(CausalFeatureIntegrator(8, "none"))
    infrared, visible = torch.randn(2, 1, 8, 6, 6).unbind()
    for projection in (cfi.value_infrared, cfi.value_visible):
        nn.init.zeros_(projection.weight)
        nn.init.constant_(projection.bias, 0.25)
    fused, gate = cfi(infrared, visible)
    torch.testing.assert_close(fused, cfi.refine(infrared + visible + 0.5), rtol=0, atol=1e-6)
    assert torch.equal(gate, torch.ones(1, 1, 6, 6))


@pytest.mark.parametrize("variant", [*VARIANTS, SMALL])
def test_folding_batchnorm_changes_nothing_but_rounding(variant):
    network = randomised(ISFuse(**variant, channels=8))
    pair = torch.rand(2, 2, 1, 17, 30).unbind()
    folded = fold_batchnorm(network)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    assert any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    plain, fast = network(*pair), folded(*pair)
    torch.testing.assert_close(fast.fused, plain.fused, rtol=0, atol=1e-5)
    for ours, theirs in zip(fast.gates, plain.gates, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


def test_folding_a_network_in_train_mode_is_refused():
    with pytest.raises(ValueError, match=r"eval mode; call \.eval\(\) first"):
        fold_batchnorm(ISFuse(channels=4).train())
