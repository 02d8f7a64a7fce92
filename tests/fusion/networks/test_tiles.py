"""Parts of a map are pooled and upsampled as the whole map would be."""

import pytest
import torch
from torch.nn import functional as F

from fusion.networks.tiles import TiledAdaptivePool, Upsampler, Window

CPU = torch.device("cpu")


@pytest.mark.parametrize("size", [(1, 3), (7, 9), (8, 16), (21, 13), (100, 37)])
@pytest.mark.parametrize("side", [1, 4, 10, 100])
def test_parts_pool_to_what_the_whole_map_pools_to(size, side):
    whole = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    pooled = TiledAdaptivePool(Window.whole(whole), 8, CPU)
    for window in Window.whole(whole).split(side):
        pooled.add(window.of(whole), window)
    expected = F.adaptive_avg_pool2d(whole.double(), 8)
    torch.testing.assert_close(pooled.mean(), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("coarse", "fine"), [((4, 5), (9, 10)), ((1, 3), (3, 7)), ((4001, 2), (8003, 5))])
def test_a_part_is_upsampled_as_torch_upsamples_the_whole_even_far_from_the_start(coarse, fine):
    whole = torch.rand(1, 2, *coarse, generator=torch.Generator().manual_seed(0))
    expected = F.interpolate(whole, fine, mode="bilinear", align_corners=False)
    upsample = Upsampler(Window.whole(whole), Window.whole(expected), CPU)
    for window in Window.whole(expected).split(500):
        seen = window.with_halo(4, Window.whole(expected)).at_scale(1)
        found = upsample(seen.of(whole), seen, window)
        torch.testing.assert_close(found, window.of(expected), rtol=0, atol=1e-6)


def test_windows_of_all_scales_cover_a_map_once():
    image = torch.zeros(1, 1, 103, 58)
    for scale in range(3):
        count = torch.zeros(1, 1, 103 >> scale, 58 >> scale)
        for window in Window.whole(image).split(20):
            window.at_scale(scale).of(count).add_(1)
        assert (count == 1).all()


def test_a_halo_ends_where_the_image_ends():
    limit = Window(0, 100, 0, 60)
    assert Window(8, 16, 40, 48).with_halo(10, limit) == Window(0, 26, 30, 58)
    assert Window(92, 100, 52, 60).with_halo(10, limit) == Window(82, 100, 42, 60)
    assert Window(8, 16, 40, 48).relative_to(Window(0, 26, 30, 58)) == Window(8, 16, 10, 18)
