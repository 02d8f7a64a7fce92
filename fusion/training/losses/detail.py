"""A fusion term that says what the fused image should look like: the stronger source's edges on a contrasty base."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.fusers import shrink, smooth

_INTENSITY = 0.5
_EDGES = (4.0, 2.0, 1.0)  # weights by scale, finest first
_STRONGER = (1.4, 1.3, 0.8)  # how much of the stronger source's gradient is wanted, by scale
_MEAN = (0.0, 0.0, 0.4)  # and how much of the mean gradient
_BASE, _CONTRAST = 4.0, 1.7
_BASE_SCALES = 4  # the base is an image of a sixteenth of the size
_SMALLEST_TO_SHRINK = 6
_WIDEST_BALANCE = 2.5


def detail_loss(fused: Tensor, infrared: Tensor, visible: Tensor) -> Tensor:
    """Measure how far the fused image is from both sources, from the wanted gradients, and from the wanted base.

    Gradients are signed differences at three scales. Wanted is 1.4, 1.3 and .8 times the gradient of the source that
    is the more active around a pixel: an L1 fit falls short of its target, and what a network makes of these comes out
    near the source's own. The base is the coarse image; wanted is a mean of both sources in which the one of less
    contrast counts for more, 1.7 times as far from the image's mean, but never outside the range of the two.

    Args:
        fused: (B, 1, H, W) in [0, 1]. The sources likewise.

    Returns:
        A scalar, the mean over all pixels.
    """
    loss = _INTENSITY * (F.l1_loss(fused, infrared) + F.l1_loss(fused, visible))
    loss = loss + _BASE * F.l1_loss(_shrunk(fused), _wanted_base(_shrunk(infrared), _shrunk(visible)))
    for edges, stronger, mean in zip(_EDGES, _STRONGER, _MEAN, strict=True):
        lead = _activity(infrared) - _activity(visible)  # (B, 1, H, W)
        for axis in (2, 3):
            of_infrared, of_visible = infrared.diff(dim=axis), visible.diff(dim=axis)
            size = lead.shape[axis] - 1
            leads = lead.narrow(axis, 1, size) + lead.narrow(axis, 0, size) > 0
            wanted = stronger * torch.where(leads, of_infrared, of_visible) + mean * (of_infrared + of_visible) / 2
            loss = loss + edges * F.l1_loss(fused.diff(dim=axis), wanted)
        fused, infrared, visible = (F.avg_pool2d(image, 2) for image in (fused, infrared, visible))
    return loss


def _activity(image: Tensor) -> Tensor:
    """Sum the absolute differences to the four neighbours of each pixel, smoothed."""
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    down, along = padded.diff(dim=2)[..., 1:-1].abs(), padded.diff(dim=3)[..., 1:-1, :].abs()
    return smooth(down[..., 1:, :] + down[..., :-1, :] + along[..., 1:] + along[..., :-1])


def _wanted_base(infrared: Tensor, visible: Tensor) -> Tensor:
    level = _mean((infrared + visible) / 2)
    from_level = infrared - _mean(infrared), visible - _mean(visible)
    spread = [(_mean(deviation**2) + 1e-4).sqrt() for deviation in from_level]
    balance = (spread[1] / spread[0]).sqrt().clamp(1 / _WIDEST_BALANCE, _WIDEST_BALANCE)
    share = balance / (1 + balance)
    wanted = level + _CONTRAST * (share * from_level[0] + (1 - share) * from_level[1])
    return torch.minimum(torch.maximum(wanted, torch.minimum(infrared, visible)), torch.maximum(infrared, visible))


def _shrunk(image: Tensor) -> Tensor:
    for _ in range(_BASE_SCALES):
        image = shrink(image) if min(image.shape[2:]) >= _SMALLEST_TO_SHRINK else image
    return image


def _mean(image: Tensor) -> Tensor:
    return image.mean((1, 2, 3), keepdim=True)
