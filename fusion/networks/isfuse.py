"""The intervention-stable fusion network (ISFuse): encoders, causal feature integrators, decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fusion.networks.integrator import CausalFeatureIntegrator, Pooled, conv_bn_act
from fusion.networks.settings import GateForm

SCALES = 3
SMALLEST_SIDE = 2 ** (SCALES - 1)
# the image, (B, 1, H, W), then one map per scale: (B, C, H/d, W/d), (B, C, H/2d, W/2d), (B, C, H/4d, W/4d), where d is
# the downsample factor
Features = list[Tensor]
Upsample = Callable[[Tensor, Tensor, int], Tensor]


class Fusion(NamedTuple):
    """The output of the network.

    Attributes:
        fused: (B, 1, H, W) luma in [0, 1].
        gates: one per scale, finest first: (B, C, h, w) in [0, 1] for `gate="channel"` and (B, 1, h, w) otherwise, of
            the size of its features.
        chroma: for `planes=3`, (B, 2, H, W) in [-0.5, 0.5]: what is added to the Cr and Cb of the visible image.
    """

    fused: Tensor
    gates: list[Tensor]
    chroma: Tensor | None = None

    @property
    def planes(self) -> Tensor:
        """The luma and, for `planes=3`, the chroma in one tensor, (B, 1 or 3, H, W)."""
        return self.fused if self.chroma is None else torch.cat([self.fused, self.chroma], dim=1)


class Encoder(nn.Module):
    """Encode one image at three scales: stages of two convolution blocks, with 2x2 max pooling between the stages.

    Args:
        channels: width of every layer.
        downsample_factor: stride of the first layer, see `ISFuse`.
    """

    def __init__(self, channels: int, downsample_factor: int = 1) -> None:
        super().__init__()
        first = conv_bn_act(1, channels, downsample_factor) + conv_bn_act(channels, channels)
        further = [conv_bn_act(channels, channels) + conv_bn_act(channels, channels) for _ in range(SCALES - 1)]
        self.stages = nn.ModuleList(nn.Sequential(*stage) for stage in [first, *further])

    def forward(self, image: Tensor) -> list[Tensor]:
        """Encode one modality.

        Args:
            image: (B, 1, H, W) luma in [0, 1]; H and W are multiples of the downsample factor d, at least 4d.

        Returns:
            One map per scale, finest first: (B, C, H/d, W/d), (B, C, H/2d, W/2d) and (B, C, H/4d, W/4d), rounded down.
        """
        maps = [self.stages[0](image)]
        for stage in list(self.stages)[1:]:
            maps.append(stage(F.max_pool2d(maps[-1], 2)))
        return maps


def upsample_to(coarse: Tensor, finer: Tensor, scale: int) -> Tensor:
    """Upsample (B, C, h, w) bilinearly to the size of `finer`; for a whole image the scale is not needed."""
    return F.interpolate(coarse, finer.shape[2:], mode="bilinear", align_corners=False)


class ISFuse(nn.Module):
    """Fuse infrared and visible luma into one luma image.

    Args:
        shared_encoder: one encoder for both modalities (the paper), or one for each (the released checkpoint).
        gate: the integrators' gate: "channel" (the paper), "pixel" (the released checkpoint), "none" (ablation).
        channels: width of every layer.
        shrink: downsample factor: 1 (the paper), or more for a fast network. Features and gates are smaller than the
            image by this factor.
        blend: predict for every pixel the weights of infrared and visible and an offset, so that fine detail need not
            pass through the layers. If False (the paper), the network predicts the fused image itself.
        planes: 1 (the paper) gives luma, 3 also what is added to the chroma of the visible image, so that the colours
            can show what only infrared sees. It adds nothing before it is trained.

    Source: Wang, Guan, Qian, Wang, Ma, CVPR 2026, arXiv 2603.23272.
    Verified against: the released checkpoint on M3FD pair 00000; statistics to 1e-5, and after rounding to 8 bits all
        but 10 of 786432 pixels equal, those one level off at a rounding tie (float32 sums differ between processors).

    Example:
        >>> network = ISFuse(channels=8).eval()
        >>> fused, gates, _ = network(torch.rand(2, 1, 48, 64), torch.rand(2, 1, 48, 64))
        >>> fused.shape, [tuple(gate.shape) for gate in gates]
        (torch.Size([2, 1, 48, 64]), [(2, 8, 48, 64), (2, 8, 24, 32), (2, 8, 12, 16)])
    """

    def __init__(
        self,
        shared_encoder: bool = True,
        gate: GateForm = "channel",
        channels: int = 32,
        shrink: int = 1,
        blend: bool = False,
        planes: int = 1,
    ) -> None:
        super().__init__()
        self.downsample_factor, self.blend = shrink, blend
        self.encoder_infrared = Encoder(channels, shrink)
        self.encoder_visible = None if shared_encoder else Encoder(channels, shrink)  # None: shared
        self.integrators = nn.ModuleList(CausalFeatureIntegrator(channels, gate) for _ in range(SCALES))
        self.decoders = nn.ModuleList(
            nn.Sequential(*conv_bn_act(channels, channels), *conv_bn_act(channels, channels)) for _ in range(SCALES - 1)
        )
        self.head = nn.Conv2d(channels, (3 if blend else 1) * shrink**2, 3, padding=1)
        if blend and self.head.bias is not None:  # training starts near the average of both images
            self.head.bias.data[: 2 * shrink**2] += 0.5
        self.chroma = nn.Conv2d(channels, 2 * shrink**2, 3, padding=1) if planes == 3 else None
        if self.chroma is not None:
            for parameter in self.chroma.parameters():
                nn.init.zeros_(parameter)

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

    def pad(self, image: Tensor) -> Tensor:
        """Pad (B, 1, H, W) by replication until both sides are multiples of the downsample factor d, at least 4d."""
        factor = self.downsample_factor
        if factor == 1:
            return image
        counts = [(side + factor - 1) // factor for side in image.shape[2:]]
        # max(count, SMALLEST_SIDE), written so that an exported network computes it for other sizes, too
        sides = [(count + SMALLEST_SIDE + abs(count - SMALLEST_SIDE)) // 2 * factor for count in counts]
        return F.pad(image, (0, sides[1] - image.shape[3], 0, sides[0] - image.shape[2]), mode="replicate")

    def encode_infrared(self, infrared: Tensor) -> Features:
        """Encode (B, 1, H, W) infrared luma in [0, 1]."""
        return [infrared, *self.encoder_infrared(self.pad(infrared))]

    def encode_visible(self, visible: Tensor) -> Features:
        """Encode (B, 1, H, W) visible luma in [0, 1]."""
        encoder = self.encoder_infrared if self.encoder_visible is None else self.encoder_visible
        return [visible, *encoder(self.pad(visible))]

    def integrate(
        self,
        infrared: Features,
        visible: Features,
        pooled: Sequence[Pooled | None] = (None,) * SCALES,
        upsample: Upsample = upsample_to,
    ) -> Fusion:
        """Fuse encoded features.

        This is a method of its own so that several training passes can share the features of an unchanged image, and
        so that a tile of an image (`fusion.networks.tiled_fusion`) can be fused with the statistics of the whole image.

        Args:
            infrared: from `encode_infrared`.
            visible: from `encode_visible`.
            pooled: for each scale, finest first, the features of both modalities pooled over the whole image; None
                pools the given features.
            upsample: upsamples the features of scale `scale + 1` to the size of those of `scale`.
        """
        integrated, gates = [], []
        for integrator, *features in zip(self.integrators, infrared[1:], visible[1:], pooled, strict=True):
            out, gate = integrator(*features)
            integrated.append(out)
            gates.append(gate)
        decoded = integrated[-1]
        for scale in reversed(range(SCALES - 1)):
            finer = integrated[scale]
            decoded = self.decoders[scale](finer + upsample(decoded, finer, scale))
        height, width = infrared[0].shape[2:]

        def predict(head: nn.Conv2d) -> Tensor:
            return F.pixel_shuffle(head(decoded), self.downsample_factor)[..., :height, :width]

        chroma = None if self.chroma is None else torch.tanh(predict(self.chroma)) / 2
        output = predict(self.head)
        if not self.blend:
            return Fusion(torch.sigmoid(output), gates, chroma)
        weight_infrared, weight_visible, offset = torch.split(output, 1, dim=1)
        fused = (weight_infrared * infrared[0] + weight_visible * visible[0] + offset).clamp(0, 1)
        return Fusion(fused, gates, chroma)
