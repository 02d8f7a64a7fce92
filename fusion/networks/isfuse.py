"""The intervention-stable fusion network (ISFuse): encoder, causal feature integrators, decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fusion.networks.integrator import CausalFeatureIntegrator, GateForm, Pooled, conv_bn_act

SCALES = 3
SMALLEST_SIDE = 2 ** (SCALES - 1)
Features = list[Tensor]  # the image, then one map per scale: (B, C, H, W), (B, C, H/2, W/2), (B, C, H/4, W/4)
Enlarge = Callable[[Tensor, Tensor, int], Tensor]


class Fusion(NamedTuple):
    """What the network gives: `fused`, (B, 1, H, W) in [0, 1], and one gate per scale, finest first."""

    fused: Tensor
    gates: list[Tensor]


class Encoder(nn.Module):
    """Three stages of two convolution blocks, halved in size between: (B, 1, H, W) to one map at each of three scales.

    Args:
        channels: width of every layer.
        shrink: side of the squares of pixels that the first layer takes as one.
    """

    def __init__(self, channels: int, shrink: int = 1) -> None:
        super().__init__()
        first = conv_bn_act(1, channels, shrink) + conv_bn_act(channels, channels)
        further = [conv_bn_act(channels, channels) + conv_bn_act(channels, channels) for _ in range(SCALES - 1)]
        self.stages = nn.ModuleList(nn.Sequential(*stage) for stage in [first, *further])

    def forward(self, image: Tensor) -> list[Tensor]:
        """Encode one modality."""
        maps = [self.stages[0](image)]
        for stage in list(self.stages)[1:]:
            maps.append(stage(F.max_pool2d(maps[-1], 2)))
        return maps


def enlarge_to(coarse: Tensor, finer: Tensor, scale: int) -> Tensor:
    """Enlarge a map to the size of the `finer` one, bilinearly; `scale` is of no account for a whole map."""
    return F.interpolate(coarse, finer.shape[2:], mode="bilinear", align_corners=False)


class ISFuse(nn.Module):
    """Fuse infrared and visible luma into one luma image.

    Args:
        shared_encoder: one encoder for both modalities (the paper), or one for each (the released checkpoint).
        gate: the integrators' gate: "channel" (the paper), "pixel" (the released checkpoint), "none" (ablation).
        channels: width of every layer.
        shrink: side of the squares of pixels that are one position inside the network: 1 (the paper), or more for
            networks that are fast. Features and gates are that much smaller than the image.
        blend: the network says for every pixel how much of infrared and of visible to take and what to add, and so
            need not carry fine detail through its layers. Without (the paper), it gives the fused image itself.

    Source: Wang, Guan, Qian, Wang, Ma, CVPR 2026, arXiv 2603.23272.
    Verified against: the released checkpoint on M3FD pair 00000; statistics to 1e-5, and after rounding to 8 bits all
        but 10 of 786432 pixels equal, those one level off at a rounding tie (float32 sums differ between processors).
    """

    def __init__(
        self,
        shared_encoder: bool = True,
        gate: GateForm = "channel",
        channels: int = 32,
        shrink: int = 1,
        blend: bool = False,
    ) -> None:
        super().__init__()
        self.shrink, self.blend = shrink, blend
        self.encoder_infrared = Encoder(channels, shrink)
        self.encoder_visible = None if shared_encoder else Encoder(channels, shrink)  # None: the other one serves both
        self.integrators = nn.ModuleList(CausalFeatureIntegrator(channels, gate) for _ in range(SCALES))
        self.decoders = nn.ModuleList(
            nn.Sequential(*conv_bn_act(channels, channels), *conv_bn_act(channels, channels)) for _ in range(SCALES - 1)
        )
        self.head = nn.Conv2d(channels, (3 if blend else 1) * shrink**2, 3, padding=1)
        if blend and self.head.bias is not None:  # training starts from about the average
            self.head.bias.data[: 2 * shrink**2] += 0.5

    def forward(self, infrared: Tensor, visible: Tensor) -> Fusion:
        """Fuse (B, 1, H, W) infrared and visible luma in [0, 1]; H, W >= 4.

        Raises:
            ValueError: the shapes differ, or a side is below 4.
        """
        if infrared.shape != visible.shape or infrared.shape[1] != 1 or min(infrared.shape[2:]) < SMALLEST_SIDE:
            raise ValueError(
                f"infrared {tuple(infrared.shape)} and visible {tuple(visible.shape)}; expected two equal shapes "
                f"(B, 1, H, W) with H, W >= {SMALLEST_SIDE}"
            )
        return self.integrate(self.encode_infrared(infrared), self.encode_visible(visible))

    def whole_squares(self, image: Tensor) -> Tensor:
        """Repeat the last row and column until the sides are multiples of `shrink`, with features at every scale."""
        if self.shrink == 1:
            return image
        squares = [(side + self.shrink - 1) // self.shrink for side in image.shape[2:]]
        # the larger of that and SMALLEST_SIDE, written so that an export keeps it for other sizes
        sides = [(count + SMALLEST_SIDE + abs(count - SMALLEST_SIDE)) // 2 * self.shrink for count in squares]
        return F.pad(image, (0, sides[1] - image.shape[3], 0, sides[0] - image.shape[2]), mode="replicate")

    def encode_infrared(self, infrared: Tensor) -> Features:
        """Encode (B, 1, H, W) infrared."""
        return [infrared, *self.encoder_infrared(self.whole_squares(infrared))]

    def encode_visible(self, visible: Tensor) -> Features:
        """Encode (B, 1, H, W) visible luma."""
        encoder = self.encoder_infrared if self.encoder_visible is None else self.encoder_visible
        return [visible, *encoder(self.whole_squares(visible))]

    def integrate(
        self,
        infrared: Features,
        visible: Features,
        pooled: Sequence[Pooled | None] = (None,) * SCALES,
        enlarge: Enlarge = enlarge_to,
    ) -> Fusion:
        """Fuse encoded features; split off so that training passes can share the features of an untouched image.

        A tile of an image (`fusion.networks.tiling`) comes with what the whole image decides: the features pooled over
        it, finest scale first, and how coarse maps are enlarged.
        """
        integrated, gates = [], []
        for integrator, *features in zip(self.integrators, infrared[1:], visible[1:], pooled, strict=True):
            out, gate = integrator(*features)
            integrated.append(out)
            gates.append(gate)
        decoded = integrated[-1]
        for scale in reversed(range(SCALES - 1)):
            finer = integrated[scale]
            decoded = self.decoders[scale](finer + enlarge(decoded, finer, scale))
        height, width = infrared[0].shape[2:]
        drawn = F.pixel_shuffle(self.head(decoded), self.shrink)[..., :height, :width]
        if not self.blend:
            return Fusion(torch.sigmoid(drawn), gates)
        of_infrared, of_visible, rest = torch.split(drawn, 1, dim=1)
        return Fusion((of_infrared * infrared[0] + of_visible * visible[0] + rest).clamp(0, 1), gates)
