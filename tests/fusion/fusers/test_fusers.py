"""Every fuser of the project: the contract, and known results of classical fusion."""

import re

import pytest
import torch

from fusion import InputError, build_fuser, fuse_pair
from fusion.fusers.catalogue import BUILT_IN
from fusion.fusers.contract import SIZES, contract_violations
from fusion.fusers.learned import SHIPPED, weights_file
from fusion.images.colour import luma, to_bytes
from fusion.networks.checkpoints import load_network, save_network
from fusion.networks.isfuse import ISFuse
from tests.onnx_models import write_model

NAMES = sorted(BUILT_IN)
CLASSICAL = ["anisotropic_diffusion", "average", "gradient_transfer", "guided_filter", "infrared", "laplacian"]
CLASSICAL += ["maximum", "two_scale_saliency", "visible", "wavelet"]


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """Save a small network with a wide range of outputs and non-trivial running statistics."""
    torch.manual_seed(0)
    network = ISFuse(channels=8)
    for _ in range(30):
        network(torch.rand(2, 1, 32, 32), torch.rand(2, 1, 32, 32))
    network.head.weight.data *= 3
    path = tmp_path_factory.mktemp("weights") / "isfuse.safetensors"
    save_network(path, network, {"channels": 8}, {})
    return path


@pytest.fixture(params=NAMES)
def fuser(request):
    options = {}
    if request.param == "isfuse":
        options = {"weights": request.getfixturevalue("weights"), "device": "cpu"}
    if request.param == "onnx":
        options = {"model": write_model(request.getfixturevalue("tmp_path") / "model.onnx")}
    return build_fuser(request.param, **options)


def sources(height, width, batch=3):
    generator = torch.Generator().manual_seed(height * width)
    return torch.rand(2, batch, 1, height, width, generator=generator).unbind()


def test_every_fuser_keeps_the_contract(fuser):
    assert contract_violations(fuser) == []


def test_a_learned_fuser_says_so(fuser):
    assert fuser.learned == (type(fuser).__name__ in ("ISFuseFuser", "ISFuseLiteFuser", "OnnxFuser"))


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("size", SIZES)
def test_constant_images_are_fused_to_the_same_constant(name, level, size):
    constant = torch.full((1, 1, *size), level)
    torch.testing.assert_close(build_fuser(name).fuse(constant, constant), constant, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("size", SIZES)
def test_equal_images_are_fused_to_the_same_image(name, size):
    image, _ = sources(*size)
    torch.testing.assert_close(build_fuser(name).fuse(image, image), image, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "seen_by"),
    [
        (name, seen_by)
        for name in CLASSICAL
        for seen_by in ("infrared", "visible")
        if name not in ("infrared", "visible") and (name, seen_by) != ("gradient_transfer", "visible")  # by design
    ],
)
def test_an_object_visible_to_one_camera_only_survives(name, seen_by):
    scene, flat = torch.full((2, 1, 1, 96, 96), 0.4)
    scene[..., 36:60, 36:60] = 0.9
    fused = build_fuser(name).fuse(*((scene, flat) if seen_by == "infrared" else (flat, scene)))
    inside, outside = fused[..., 40:56, 40:56].mean(), fused[..., :20, :].mean()
    assert inside - outside > 0.2


@pytest.mark.parametrize(
    ("name", "expected"),
    [("infrared", [0.2, 0.9]), ("visible", [0.6, 0.5]), ("average", [0.4, 0.7]), ("maximum", [0.6, 0.9])],
)
def test_pixelwise_fusers_have_known_values(name, expected):
    infrared, visible = torch.tensor([[0.2, 0.9], [0.6, 0.5]]).view(2, 1, 1, 1, 2)
    fused = build_fuser(name).fuse(infrared, visible)
    torch.testing.assert_close(fused.flatten(), torch.tensor(expected), rtol=0, atol=1e-7)


@pytest.mark.parametrize("levels", [1, 4, 20])
@pytest.mark.parametrize("size", SIZES)
def test_the_laplacian_pyramid_reconstructs_equal_images(levels, size):
    image, _ = sources(*size)
    torch.testing.assert_close(build_fuser("laplacian", levels=levels).fuse(image, image), image, rtol=0, atol=1e-6)


def test_the_laplacian_pyramid_keeps_the_detail_of_one_source_on_the_mean_of_both():
    ramp = torch.linspace(0.4, 0.6, 32).expand(1, 1, 32, 32)
    detailed = ramp + 0.1 * ((torch.arange(32) % 2) * 2 - 1)
    flat = torch.full((1, 1, 32, 32), 0.5)
    for pair in ((detailed, flat), (flat, detailed)):
        fused = build_fuser("laplacian", levels=1).fuse(*pair)
        steps = (fused[..., 1:] - fused[..., :-1]).abs()[..., 8:-8]
        torch.testing.assert_close(steps, torch.full_like(steps, 0.2), rtol=0, atol=0.02)  # the mean would give 0.1


def test_the_laplacian_pyramid_needs_a_level():
    with pytest.raises(InputError, match=r"levels=0 out of range \(expected at least 1\)"):
        build_fuser("laplacian", levels=0)


def test_the_infrared_fuser_is_grey_and_ignores_the_visible_image():
    infrared, visible = torch.rand(1, 9, 7), torch.rand(3, 9, 7)
    fused = fuse_pair(build_fuser("infrared"), infrared, visible)
    assert torch.equal(fused, infrared.expand(3, -1, -1))
    assert torch.equal(fused, fuse_pair(build_fuser("infrared"), infrared, torch.rand(3, 9, 7)))


def test_the_visible_fuser_returns_the_visible_image_to_the_byte():
    visible = torch.randint(0, 256, (3, 64, 64), generator=torch.Generator().manual_seed(0)) / 255
    fused = fuse_pair(build_fuser("visible"), torch.rand(1, 64, 64), visible)
    assert (to_bytes(fused) == to_bytes(visible)).all()


def test_a_fused_pair_has_the_fused_luma_and_the_visible_hue():
    infrared, visible = 0.4 + 0.2 * torch.rand(1, 9, 7), 0.4 + 0.2 * torch.rand(3, 9, 7)
    fused = fuse_pair(build_fuser("average"), infrared, visible)
    torch.testing.assert_close(luma(fused), (infrared + luma(visible)) / 2, rtol=0, atol=1e-3)
    torch.testing.assert_close(fused[0] - fused[2], visible[0] - visible[2], rtol=0, atol=2e-3)


def test_fusing_records_no_gradients(fuser):
    fused = fuse_pair(fuser, torch.rand(1, 9, 7), torch.rand(3, 9, 7))
    assert fused.shape == (3, 9, 7)
    assert not fused.requires_grad


@pytest.mark.parametrize(
    ("infrared", "visible"),
    [((1, 4, 4), (1, 4, 4)), ((3, 4, 4), (3, 4, 4)), ((1, 4, 5), (3, 4, 4)), ((4, 4), (3, 4, 4))],
)
def test_a_pair_of_wrong_shapes_is_refused_with_the_shapes(infrared, visible):
    message = f"(found infrared {infrared} and visible {visible}, expected (1, H, W) and (3, H, W))"
    with pytest.raises(ValueError, match=re.escape(message)):
        fuse_pair(build_fuser("average"), torch.zeros(infrared), torch.zeros(visible))


@pytest.mark.parametrize(("fuser", "most_bytes"), [("isfuse", 2_000_000), ("isfuse-lite", 1_000_000)])
def test_the_shipped_weights_are_small_and_described_by_their_card(fuser, most_bytes):
    file = weights_file(fuser, SHIPPED)
    facts = build_fuser(fuser).facts
    card = file.with_suffix(".md").read_text(encoding="utf-8")
    assert file.stat().st_size < most_bytes
    assert f"{len(facts['training_pairs'])} pairs" in card
    assert f"epoch {facts['epoch']}" in card


def test_isfuse_equals_its_network(weights):
    pair = sources(33, 47)
    network, _ = load_network(weights)
    with torch.inference_mode():
        expected = network(*pair).fused
        fused = build_fuser("isfuse", weights=weights, device="cpu").fuse(*pair)
    assert expected.std() > 0.02  # otherwise the equality would be trivial
    torch.testing.assert_close(fused, expected, rtol=0, atol=1e-5)


def test_an_unknown_device_is_reported(weights):
    with pytest.raises(InputError, match=r"device='abacus': not available \(.*\)\. Try: device=auto"):
        build_fuser("isfuse", weights=weights, device="abacus")
