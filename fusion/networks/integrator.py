"""The causal feature integrator (CFI): cross-attention between two modalities, blended in by a gate."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

GateForm = Literal["channel", "pixel", "none"]
POOLED_SIZE = 8  # keys and values are pooled to 8 x 8
Pooled = tuple[Tensor, Tensor]  # infrared and visible features, each (B, C, 8, 8)


def conv_bn_act(inputs: int, outputs: int, square: int = 1) -> list[nn.Module]:
    """Give the block that the whole network is made of: Conv3x3 with bias, BatchNorm, LeakyReLU 0.01.

    With `square` > 1 the convolution is one over squares of so many pixels a side, and its output that much smaller.
    """
    convolution = nn.Conv2d(inputs, outputs, 3 * square, stride=square, padding=square)
    return [convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.01, inplace=True)]


class CausalFeatureIntegrator(nn.Module):
    """Integrate the features of two modalities at one scale.

    Each modality asks the other one: its pixels are queries, the other's pooled features keys and values. The sum of
    the two answers is the complementary part C, the sum of the features the local part L; a gate G in [0, 1] decides
    per pixel, out = refine(G * C + (1 - G) * L).

    Args:
        channels: number of channels of both inputs and the output.
        gate: "channel" gates every channel by itself, sigmoid(Conv3x3(C)); "pixel" gates all channels alike through a
            bottleneck of half the width; "none" is the ablation without gate, out = refine(C + L).

    Source: ISFuse, arXiv 2603.23272, section on the causal feature integrator; "pixel" is the released checkpoint's.
    """

    def __init__(self, channels: int, gate: GateForm) -> None:
        super().__init__()
        self.query_visible, self.query_infrared = nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 1)
        self.key_visible, self.key_infrared = nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 1)
        self.value_visible, self.value_infrared = nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 1)
        self.gate = _gate(channels, gate)
        self.refine = nn.Sequential(*conv_bn_act(channels, channels))

    def forward(self, infrared: Tensor, visible: Tensor, pooled: Pooled | None = None) -> tuple[Tensor, Tensor]:
        """Map two (B, C, H, W) feature maps to one, and give the gate, (B, C or 1, H, W) in [0, 1].

        A tile of an image comes with the features pooled over the whole of it.
        """
        pixels_infrared, pixels_visible = as_rows(infrared), as_rows(visible)
        pooled_infrared, pooled_visible = pooled or (
            F.adaptive_avg_pool2d(as_map(pixels_infrared, infrared), POOLED_SIZE),  # (B, C, 8, 8)
            F.adaptive_avg_pool2d(as_map(pixels_visible, visible), POOLED_SIZE),
        )
        keys, values = self.key_infrared(pooled_infrared), self.value_infrared(pooled_infrared)
        answers = attend(pixels_visible, self.query_visible, keys, values)
        keys, values = self.key_visible(pooled_visible), self.value_visible(pooled_visible)
        answers = answers + attend(pixels_infrared, self.query_infrared, keys, values)
        complementary = as_map(answers, infrared)
        local = infrared + visible
        if self.gate is None:
            open_gate = torch.ones_like(local[:, :1])
            return self.refine(complementary + local), open_gate
        gate = self.gate(complementary)
        return self.refine(torch.lerp(local, complementary, gate.expand_as(local))), gate


def as_rows(features: Tensor) -> Tensor:
    """Give (B, C, H, W) features as one row for each pixel, (B, 1, HW, C); for channels_last features that is a view.

    What needs pixels should ask here once: engines then see one change of order, and leave it out.
    """
    return features.permute(0, 2, 3, 1).flatten(1, 2).unsqueeze(1)


def as_map(rows: Tensor, like: Tensor) -> Tensor:
    """Undo `as_rows`: give rows the shape of the features they come from, as a view in channels_last memory."""
    batch, channels, height, width = like.shape
    return rows.view(batch, height, width, channels).permute(0, 3, 1, 2)


def attend(pixels: Tensor, query: nn.Conv2d, keys: Tensor, values: Tensor) -> Tensor:
    """Answer every pixel by softmax(q.k / sqrt(C)) over the pooled keys.

    The query projection is folded into the few keys, q.k = x.(Wq^T k) + bq.k, so it never runs over all pixels.

    Args:
        pixels: (B, 1, HW, C), those that ask.
        query: their 1x1 projection.
        keys: (B, C, h, w), already projected.
        values: likewise.

    Returns:
        (B, 1, HW, C).
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
    raise ValueError(f"gate={form!r}; expected 'channel', 'pixel' or 'none'")
