"""Fuse a large image tile by tile: equal to the network on the whole image, in the memory of one tile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from fusion.networks.integrator import POOLED_SIZE, Pooled
from fusion.networks.isfuse import SCALES, SMALLEST_SIDE, Features, ISFuse
from fusion.networks.pooling import PooledSum
from fusion.networks.upsampling import Enlarging
from fusion.networks.windows import Window

# What a tile must see around itself so that nothing of its core feels where the tile ends. Each 3x3 convolution needs
# one pixel more, a map of the next coarser scale half as many and the one before pooling twice as many.
#   encoder, coarsest scale first:  2 of 1/4; 2 * 2 + 2 = 6 of 1/2; 2 * 6 + 2 = 14 pixels
#   head and decoder of scale 1:    1 + 2 = 3 pixels
#   bilinear to scale 1/2, decoder: 3 of 1/2 (1.5, one for the second sample, 0.5 as sizes may be odd); + 2 = 5
#   bilinear to 1/4:                4 of 1/4 (2.5, 1, 0.5)
#   refine and gate:                + 2 = 6 of 1/4
#   encoder:                        + 2 = 8 of 1/4; 2 * 8 + 2 = 18 of 1/2; 2 * 18 + 2 = 38 pixels
# Both are rounded up to whole pixels of the coarsest scale.
ENCODER_HALO = 16
HALO = 40

Watch = Callable[[Sequence[Window]], Iterable[Window]]


@torch.no_grad()
def fuse_in_tiles(network: ISFuse, infrared: Tensor, visible: Tensor, side: int, watch: Watch = iter) -> Tensor:
    """Give what `network(infrared, visible).fused` would be, in the memory that one tile needs.

    The integrators ask for features pooled over the whole image. So a first pass encodes all tiles for these; a second
    one encodes each again, integrates and decodes it.

    Args:
        network: in eval mode.
        infrared: (B, 1, H, W) as the network takes it, on any device; tiles move to the network's.
        visible: likewise.
        side: of a tile without its halo, in pixels; it is rounded up to a multiple of 4 times the network's `shrink`.
        watch: is given the tiles of each pass to go through, for a progress bar.

    Returns:
        (B, 1, H, W), where `infrared` is.

    Verified against: the plain form; 1e-5, for odd sizes and all variants, on CPU.
    """
    images, device = [network.whole_squares(image) for image in (infrared, visible)], next(network.parameters()).device
    square = network.shrink  # windows count in squares of pixels, as the maps do
    whole = Window(0, images[0].shape[2] // square, 0, images[0].shape[3] // square)
    scales = [whole.at_scale(scale) for scale in range(SCALES)]
    tiles = whole.split(-(-side // (SMALLEST_SIDE * square)) * SMALLEST_SIDE)

    def encode(window: Window) -> tuple[Features, Features]:
        cut = [window.times(square).of(image).to(device) for image in images]
        return network.encode_infrared(cut[0]), network.encode_visible(cut[1])

    pooled = _pool(encode, watch(tiles), scales, device)
    enlargings = [Enlarging(coarse, fine, device) for fine, coarse in pairwise(scales)]
    fused = torch.empty_like(images[0])
    for tile in watch(tiles):
        window = tile.grown(HALO, whole)

        def enlarge(coarse: Tensor, finer: Tensor, scale: int, window: Window = window) -> Tensor:
            return enlargings[scale](coarse, window.at_scale(scale + 1), window.at_scale(scale))

        fusion = network.integrate(*encode(window), pooled, enlarge)
        tile.times(square).of(fused).copy_(tile.seen_from(window).times(square).of(fusion.fused))
    return fused[..., : infrared.shape[2], : infrared.shape[3]]


def _pool(
    encode: Callable[[Window], tuple[Features, Features]],
    tiles: Iterable[Window],
    scales: Sequence[Window],
    device: torch.device,
) -> list[Pooled]:
    """Pool the features of both modalities over the whole image, scale by scale."""
    sums = [[PooledSum(whole, POOLED_SIZE, device) for whole in scales] for _ in range(2)]
    for tile in tiles:
        window = tile.grown(ENCODER_HALO, scales[0])
        for sums_of_modality, features in zip(sums, encode(window), strict=True):
            for scale, (pooled, of_scale) in enumerate(zip(sums_of_modality, features[1:], strict=True)):
                core, seen = tile.at_scale(scale), window.at_scale(scale)
                pooled.add(core.seen_from(seen).of(of_scale), core)
    infrared, visible = ([pooled.mean().float() for pooled in of_modality] for of_modality in sums)
    return list(zip(infrared, visible, strict=True))
