"""Fuse a large image tile by tile: the result of the network on the whole image, in the memory of one tile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from fusion.networks.integrator import POOLED_SIZE, Pooled
from fusion.networks.isfuse import SCALES, SMALLEST_SIDE, Features, ISFuse
from fusion.networks.tiles import TiledAdaptivePool, Upsampler, Window

# The receptive field of a tile's core: how many pixels around it the network must see, so that the result in the core
# does not depend on where the tile ends. Each 3x3 convolution adds one pixel; a step to the next coarser scale halves
# the number, a step back through 2x2 pooling doubles it.
#   encoder, coarsest scale first:  2 of 1/4; 2 * 2 + 2 = 6 of 1/2; 2 * 6 + 2 = 14 pixels
#   head and decoder of scale 1:    1 + 2 = 3 pixels
#   bilinear to scale 1/2, decoder: 3 of 1/2 (1.5, one for the second sample, 0.5 as sizes may be odd); + 2 = 5
#   bilinear to 1/4:                4 of 1/4 (2.5, 1, 0.5)
#   refine and gate:                + 2 = 6 of 1/4
#   encoder:                        + 2 = 8 of 1/4; 2 * 8 + 2 = 18 of 1/2; 2 * 18 + 2 = 38 pixels
# Both halos are rounded up to whole pixels of the coarsest scale.
ENCODER_HALO = 16
HALO = 40

Watch = Callable[[Sequence[Window]], Iterable[Window]]


@torch.no_grad()
def fuse_in_tiles(network: ISFuse, infrared: Tensor, visible: Tensor, side: int, watch: Watch = iter) -> Tensor:
    """Compute `network(infrared, visible).planes` in the memory that one tile needs.

    The integrators need features pooled over the whole image. Therefore a first pass encodes all tiles and pools their
    features; a second pass encodes each tile again, integrates and decodes it.

    Args:
        network: in eval mode.
        infrared: (B, 1, H, W) luma in [0, 1], on any device; tiles are moved to the network's device.
        visible: likewise.
        side: side of a tile without its halo, in pixels; rounded up to a multiple of 4 times the downsample factor.
        watch: wraps the list of tiles of each pass, for a progress bar.

    Returns:
        (B, 1, H, W) fused luma in [0, 1], or (B, 3, H, W) with chroma, on the device of `infrared`.

    Verified against: the network on the whole image; 1e-5, for odd sizes and all variants, on the CPU.
    """
    images, device = [network.pad(image) for image in (infrared, visible)], next(network.parameters()).device
    factor = network.downsample_factor  # windows count pixels of the finest feature map
    whole = Window(0, images[0].shape[2] // factor, 0, images[0].shape[3] // factor)
    scales = [whole.at_scale(scale) for scale in range(SCALES)]
    tiles = whole.split(-(-side // (SMALLEST_SIDE * factor)) * SMALLEST_SIDE)

    def encode(window: Window) -> tuple[Features, Features]:
        crops = [window.upscaled(factor).of(image).to(device) for image in images]
        return network.encode_infrared(crops[0]), network.encode_visible(crops[1])

    pooled = _pool(encode, watch(tiles), scales, device)
    upsamplers = [Upsampler(coarse, fine, device) for fine, coarse in pairwise(scales)]
    planes = 1 if network.chroma is None else 3
    fused = images[0].new_empty(len(infrared), planes, *images[0].shape[2:])
    for tile in watch(tiles):
        window = tile.with_halo(HALO, whole)

        def upsample(coarse: Tensor, finer: Tensor, scale: int, window: Window = window) -> Tensor:
            return upsamplers[scale](coarse, window.at_scale(scale + 1), window.at_scale(scale))

        fusion = network.integrate(*encode(window), pooled, upsample)
        tile.upscaled(factor).of(fused).copy_(tile.relative_to(window).upscaled(factor).of(fusion.planes))
    return fused[..., : infrared.shape[2], : infrared.shape[3]]


def _pool(
    encode: Callable[[Window], tuple[Features, Features]],
    tiles: Iterable[Window],
    scales: Sequence[Window],
    device: torch.device,
) -> list[Pooled]:
    """Pool the features of both modalities over the whole image, at each scale."""
    pools = [[TiledAdaptivePool(whole, POOLED_SIZE, device) for whole in scales] for _ in range(2)]
    for tile in tiles:
        window = tile.with_halo(ENCODER_HALO, scales[0])
        for pools_of_modality, features in zip(pools, encode(window), strict=True):
            for scale, (pool, of_scale) in enumerate(zip(pools_of_modality, features[1:], strict=True)):
                core, seen = tile.at_scale(scale), window.at_scale(scale)
                pool.add(core.relative_to(seen).of(of_scale), core)
    infrared, visible = ([pool.mean().float() for pool in pools_of_modality] for pools_of_modality in pools)
    return list(zip(infrared, visible, strict=True))
