"""The causal feature integrator (CFI): cross-attention between the two modalities, weighted by a gate."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fusion.networks.settings import GateForm

POOLED_SIZE = 8  # keys and values are pooled to 8 x 8
Pooled = tuple[Tensor, Tensor]  # infrared and visible features, each (B, C, 8, 8)


def conv_bn_act(inputs: int, outputs: int, downsample: int = 1) -> list[nn.Module]:
    """Build the network's basic block: Conv3x3 with bias, BatchNorm, LeakyReLU with slope 0.01.

    With a `downsample` factor d above 1, the convolution has a kernel of 3d x 3d and stride d: it sees each block of
    d x d pixels as one position, and its output is d times smaller.
    """
    convolution = nn.Conv2d(inputs, outputs, 3 * downsample, stride=downsample, padding=downsample)
    return [convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.01, inplace=True)]


class CausalFeatureIntegrator(nn.Module):
    """Integrate the features of two modalities at one scale.

    Each modality attends to the other: its pixels are the queries, the other's pooled features are keys and values.
    The sum of both attention outputs is the complementary part C, the sum of both feature maps is the local part L. A
    gate G in [0, 1] weighs the two, out = refine(G * C + (1 - G) * L).

    Args:
        channels: number of channels of both inputs and of the output.
        gate: "channel" has one gate per channel, sigmoid(Conv3x3(C)); "pixel" has one gate for all channels, computed
            through a bottleneck of half the width; "none" is the ablation without a gate, out = refine(C + L).

    Source: ISFuse, arXiv 2603.23272, section on the causal feature integrator; "pixel" is the form of the released
    checkpoint.
    """

    def __init__(self, channels: int, gate: GateForm) -> None:
        super().__init__()
        self.query_visible, self.query_infrared = nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 1)
        self.key_visible, self.key_infrared = nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 1)
        self.value_visible, self.value_infrared = nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 1)
        self.gate = _gate(channels, gate)
        self.refine = nn.Sequential(*conv_bn_act(channels, channels))

    def forward(self, infrared: Tensor, visible: Tensor, pooled: Pooled | None = None) -> tuple[Tensor, Tensor]:
        """Integrate two feature maps.

        Args:
            infrared: (B, C, H, W) features.
            visible: likewise.
            pooled: features of both modalities pooled over the whole image, each (B, C, 8, 8), if the maps are those
                of a tile; None pools the maps themselves.

        Returns:
            The integrated features, (B, C, H, W), and the gate in [0, 1], (B, C, H, W) for a "channel" gate and
            (B, 1, H, W) otherwise; without a gate it is all 1.
        """
        pixels_infrared, pixels_visible = as_rows(infrared), as_rows(visible)
        pooled_infrared, pooled_visible = pooled or (
            F.adaptive_avg_pool2d(as_map(pixels_infrared, infrared), POOLED_SIZE),  # (B, C, 8, 8)
            F.adaptive_avg_pool2d(as_map(pixels_visible, visible), POOLED_SIZE),
        )
        keys, values = self.key_infrared(pooled_infrared), self.value_infrared(pooled_infrared)
        attended = attend(pixels_visible, self.query_visible, keys, values)
        keys, values = self.key_visible(pooled_visible), self.value_visible(pooled_visible)
        attended = attended + attend(pixels_infrared, self.query_infrared, keys, values)
        complementary = as_map(attended, infrared)
        local = infrared + visible
        if self.gate is None:
            open_gate = torch.ones_like(local[:, :1])
            return self.refine(complementary + local), open_gate
        gate = self.gate(complementary)
        return self.refine(torch.lerp(local, complementary, gate.expand_as(local))), gate


def as_rows(features: Tensor) -> Tensor:
    """Reshape (B, C, H, W) features to one row per pixel, (B, 1, HW, C); a view if they are channels_last in memory.

    Call this once for all uses of the rows: inference engines then see a single transpose and remove it.
    """
    return features.permute(0, 2, 3, 1).flatten(1, 2).unsqueeze(1)


def as_map(rows: Tensor, like: Tensor) -> Tensor:
    """Reshape (B, 1, HW, C) rows to the (B, C, H, W) of `like`, as a channels_last view; the inverse of `as_rows`.

    Example:
        >>> features = torch.rand(2, 8, 5, 7)
        >>> rows = as_rows(features)
        >>> rows.shape, torch.equal(as_map(rows, features), features)
        (torch.Size([2, 1, 35, 8]), True)
    """
    batch, channels, height, width = like.shape
    return rows.view(batch, height, width, channels).permute(0, 3, 1, 2)


def attend(pixels: Tensor, query: nn.Conv2d, keys: Tensor, values: Tensor) -> Tensor:
    """Compute the attention of every pixel over pooled keys, softmax(q.k / sqrt(C)) v.

    The query projection is folded into the few keys, q.k = x.(Wq^T k) + bq.k, so that it never runs over all pixels.

    Args:
        pixels: (B, 1, HW, C) features before the query projection.
        query: the 1x1 convolution that projects pixels to queries.
        keys: (B, C, h, w) projected keys.
        values: (B, C, h, w) projected values.

    Returns:
        (B, 1, HW, C) attended values.
    """
    assert query.bias is not None
    keys = keys.flatten(2).transpose(1, 2).unsqueeze(1) * keys.shape[1] ** -0.5  # (B, 1, hw, C)
    folded = keys @ query.weight.flatten(1).to(keys.dtype)  # (B, 1, hw, C)
    added = (keys @ query.bias.to(keys.dtype)).unsqueeze(2)  # (B, 1, 1, hw), the same for every pixel
    return F.scaled_dot_product_attention(pixels, folded, as_rows(values), attn_mask=added, scale=1.0)


def _gate(channels: int, form: GateForm) -> nn.Module | None:
    if form == "channel":
        return nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.Sigmoid())
    if form == "pixel":
        half = channels // 2
        return nn.Sequential(*conv_bn_act(channels, half), nn.Conv2d(half, 1, 1), nn.Sigmoid())
    if form == "none":
        return None
    raise ValueError(f"gate={form!r}: unknown value (expected 'channel', 'pixel' or 'none')")
