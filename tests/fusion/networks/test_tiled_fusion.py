import pytest
import torch

from fusion.fusers.learned import LARGEST_WHOLE, ISFuseFuser
from fusion.networks.checkpoints import load_network, save_network
from fusion.networks.folding import fold_batchnorm
from fusion.networks.isfuse import SCALES, ISFuse
from fusion.networks.tiled_fusion import ENCODER_HALO, HALO, fuse_in_tiles
from fusion.networks.tiles import Window
from tests.fusion.networks.test_networks import SMALL, VARIANTS, randomised

TILES = [  # height, width, tile side: even and odd; tiles that divide the image or not, not multiples of 4, one for all
    (5, 7, 4),
    (64, 96, 32),
    (97, 130, 24),
    (163, 58, 50),
    (131, 103, 200),
]


def network_of(**settings):
    torch.manual_seed(0)
    network = randomised(ISFuse(**settings))
    network.head.weight.data *= 3
    return network


def sources(height, width, batch=1):
    generator = torch.Generator().manual_seed(height * width)
    return torch.rand(2, batch, 1, height, width, generator=generator).unbind()


@pytest.mark.parametrize("variant", [*VARIANTS, SMALL, {**SMALL, "shrink": 3, "blend": False}])
@pytest.mark.parametrize(("height", "width", "side"), TILES)
def test_tiles_have_the_result_of_the_whole_image(variant, height, width, side):
    network = fold_batchnorm(network_of(**variant, channels=4)).to(memory_format=torch.channels_last)
    pair = sources(height, width)
    with torch.no_grad():
        expected = network(*pair).fused
    assert expected.std() > 0.02  # otherwise the equality would prove little
    torch.testing.assert_close(fuse_in_tiles(network, *pair, side), expected, rtol=0, atol=1e-5)


def test_a_batch_in_tiles_has_the_result_of_the_whole_batch():
    network, pair = network_of(channels=4), sources(70, 45, batch=2)
    with torch.no_grad():
        expected = network(*pair).fused
    torch.testing.assert_close(fuse_in_tiles(network, *pair, 16), expected, rtol=0, atol=1e-5)


def test_both_passes_report_their_tiles_to_a_progress_bar():
    seen = []
    fuse_in_tiles(network_of(channels=4), *sources(20, 12), 8, lambda tiles: seen.append(len(tiles)) or tiles)
    assert seen == [6, 6]


def only_within(window, image):
    """Set everything outside a window to NaN, which spreads to all values that depend on it."""
    cut = torch.full_like(image, torch.nan)
    window.of(cut).copy_(window.of(image))
    return cut


def fused_within(window, network, pair):
    """Run the network on the content of a window, with pooled features from elsewhere."""
    cut = (only_within(window, image.double()) for image in pair)
    pooled = torch.rand(SCALES, 2, 1, 4, 8, 8, dtype=torch.float64)
    features = [
        encode(image) for encode, image in zip((network.encode_infrared, network.encode_visible), cut, strict=True)
    ]
    return network.integrate(*features, [of_scale.unbind() for of_scale in pooled]).fused


@pytest.mark.parametrize("gate", ["channel", "pixel", "none"])
@pytest.mark.parametrize("size", [(120, 124), (123, 127)])
def test_nothing_in_a_tile_depends_on_what_lies_beyond_its_halo(gate, size):
    network, pair = network_of(gate=gate, channels=4).double(), sources(*size)
    for core in (Window(0, 8, 60, 64), Window(56, 60, 56, 64), Window(108, 116, 116, size[1])):
        window = core.with_halo(HALO, Window.whole(pair[0]))
        assert core.of(fused_within(window, network, pair)).isfinite().all()


@pytest.mark.parametrize(("size", "smallest"), [((120, 124), 34), ((123, 127), 38)])
def test_the_halo_is_the_smallest_sufficient_one_for_odd_sizes(size, smallest):
    network, pair, core = network_of(gate="pixel", channels=4).double(), sources(*size), Window(108, 116, 116, 120)
    finite = [
        core.of(fused_within(core.with_halo(halo, Window.whole(pair[0])), network, pair)).isfinite().all()
        for halo in (smallest - 1, smallest)
    ]
    assert finite == [False, True]


def test_no_features_of_a_tile_depend_on_what_lies_beyond_the_encoder_halo():
    encoder, image = network_of(channels=4).double().encode_infrared, sources(99, 102)[0].double()
    for core in Window.whole(image).split(24):
        features = encoder(only_within(core.with_halo(ENCODER_HALO, Window.whole(image)), image))[1:]
        assert all(core.at_scale(scale).of(of_scale).isfinite().all() for scale, of_scale in enumerate(features))
    core = Window(48, 52, 48, 52)
    features = encoder(only_within(core.with_halo(ENCODER_HALO - 4, Window.whole(image)), image))[1:]
    assert not core.at_scale(2).of(features[2]).isfinite().all()


def test_the_fuser_tiles_a_large_image_by_itself_with_the_same_result(tmp_path):
    network = network_of(channels=4)
    save_network(tmp_path / "isfuse.safetensors", network, {"channels": 4}, {})
    pair = sources(1027, 1031)
    assert pair[0].numel() > LARGEST_WHOLE
    with torch.no_grad():
        expected = load_network(tmp_path / "isfuse.safetensors")[0](*pair).fused
    fused = ISFuseFuser(tmp_path / "isfuse.safetensors", device="cpu").fuse(*pair)
    torch.testing.assert_close(fused, expected, rtol=0, atol=1e-5)
