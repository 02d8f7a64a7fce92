import re

import pytest
import torch

from fusion import InputError, build_fuser, fuse_pair, list_fusers
from fusion.checkpoints import load_network, save_network
from fusion.images import luma, to_bytes
from fusion.learned import SHIPPED, weights_file
from fusion.networks.isfuse import ISFuse

NAMES = list_fusers()
CLASSICAL = ["average", "infrared", "laplacian", "maximum", "visible"]
SIZES = [(4, 4), (5, 7), (4, 19), (33, 47)]


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """A small network whose output spreads and whose BatchNorm knows its inputs."""
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
    return build_fuser(request.param, **options)


def sources(height, width, batch=3):
    generator = torch.Generator().manual_seed(height * width)
    return torch.rand(2, batch, 1, height, width, generator=generator).unbind()


def test_the_registry_holds_every_fuser():
    assert sorted([*CLASSICAL, "isfuse"]) == NAMES


@pytest.mark.parametrize("size", SIZES)
def test_any_size_gives_an_image_of_that_size_type_and_device_in_range(fuser, size):
    infrared, visible = sources(*size)
    fused = fuser.fuse(infrared, visible)
    assert fused.shape == infrared.shape
    assert fused.dtype == torch.float32
    assert fused.device == infrared.device
    assert 0 <= fused.min() <= fused.max() <= 1


def test_equal_input_gives_equal_output(fuser):
    pair = sources(33, 47)
    assert torch.equal(fuser.fuse(*pair), fuser.fuse(*pair))


@pytest.mark.parametrize("size", SIZES)
def test_a_batch_equals_its_images_one_by_one(fuser, size):
    infrared, visible = sources(*size)
    one_by_one = torch.cat([fuser.fuse(infrared[k : k + 1], visible[k : k + 1]) for k in range(3)])
    torch.testing.assert_close(fuser.fuse(infrared, visible), one_by_one, rtol=0, atol=1e-6)


def test_the_sources_stay_as_they_are(fuser):
    pair = sources(33, 47)
    before = [image.clone() for image in pair]
    fuser.fuse(*pair)
    assert all(torch.equal(image, copy) for image, copy in zip(pair, before, strict=True))


def test_a_learned_fuser_says_so(fuser):
    assert fuser.learned == (type(fuser).__name__ == "ISFuseFuser")


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("size", SIZES)
def test_constant_images_give_that_constant(name, level, size):
    constant = torch.full((1, 1, *size), level)
    torch.testing.assert_close(build_fuser(name).fuse(constant, constant), constant, rtol=0, atol=1e-6)


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
def test_the_laplacian_pyramid_of_equal_images_gives_them_back(levels, size):
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
    with pytest.raises(InputError, match=r"levels=0; expected at least 1"):
        build_fuser("laplacian", levels=0)


def test_the_infrared_fuser_is_grey_and_does_not_see_the_visible_image():
    infrared, visible = torch.rand(1, 9, 7), torch.rand(3, 9, 7)
    fused = fuse_pair(build_fuser("infrared"), infrared, visible)
    assert torch.equal(fused, infrared.expand(3, -1, -1))
    assert torch.equal(fused, fuse_pair(build_fuser("infrared"), infrared, torch.rand(3, 9, 7)))


def test_the_visible_fuser_gives_the_visible_image_back_to_the_byte():
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
def test_a_pair_of_other_shapes_is_refused_with_the_shapes(infrared, visible):
    message = f"infrared {infrared} and visible {visible}; expected (1, H, W) and (3, H, W)"
    with pytest.raises(ValueError, match=re.escape(message)):
        fuse_pair(build_fuser("average"), torch.zeros(infrared), torch.zeros(visible))


def test_an_unknown_fuser_gets_a_suggestion_and_the_list():
    message = f"unknown fuser 'laplacain'. Did you mean 'laplacian'? Known: {', '.join(NAMES)}"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        build_fuser("laplacain")


def test_an_unknown_option_gets_a_suggestion_and_the_list():
    message = "unknown option of fuser 'isfuse' 'wieghts'. Did you mean 'weights'? Known: device, weights"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        build_fuser("isfuse", wieghts="a")


def test_the_shipped_weights_are_small_and_told_by_their_card():
    file = weights_file(SHIPPED)
    facts = build_fuser("isfuse").facts
    card = file.with_suffix(".md").read_text(encoding="utf-8")
    assert file.stat().st_size < 2_000_000
    assert f"{len(facts['training_pairs'])} pairs" in card
    assert f"epoch {facts['epoch']}" in card


def test_isfuse_equals_its_network(weights):
    pair = sources(33, 47)
    network, _ = load_network(weights)
    with torch.inference_mode():
        expected = network(*pair).fused
        fused = build_fuser("isfuse", weights=weights, device="cpu").fuse(*pair)
    assert expected.std() > 0.02  # otherwise the contract above would prove little
    torch.testing.assert_close(fused, expected, rtol=0, atol=1e-5)


def test_an_unknown_device_is_named(weights):
    with pytest.raises(InputError, match=r"device='abacus' cannot be used .*; try device=auto"):
        build_fuser("isfuse", weights=weights, device="abacus")
