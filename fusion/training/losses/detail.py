"""A fusion term with a target image: the edges of the stronger source on a coarse image of high contrast."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.fusers import pyramid_down, smooth

_INTENSITY = 0.5
_EDGES = (4.0, 2.0, 1.0)  # weight of each scale, finest first
_STRONGER = (1.4, 1.3, 0.8)  # factor of the stronger source's gradient in the target, by scale
_MEAN = (0.0, 0.0, 0.4)  # factor of the mean gradient in the target, by scale
_BASE, _CONTRAST = 4.0, 1.7
_BASE_SCALES = 4  # the base has a sixteenth of the side length
_SMALLEST_TO_SHRINK = 6
_WIDEST_BALANCE = 2.5


def detail_loss(fused: Tensor, infrared: Tensor, visible: Tensor) -> Tensor:
    """Compute the L1 distances to both sources, to target gradients, and to a target base.

    Gradients are signed differences at three scales. The target is 1.4, 1.3 and 0.8 times the gradient of the source
    that is more active around a pixel: an L1 fit falls short of its target, and with these factors the gradients of a
    trained network are close to those of the source. The base is the coarse image. Its target is a weighted mean of
    both sources that favours the one of lower contrast, with 1.7 times the deviation from the image's mean, clipped to
    the range of the two sources.

    Args:
        fused: (B, 1, H, W) luma in [0, 1].
        infrared: likewise.
        visible: likewise.

    Returns:
        A scalar, the mean over all pixels.
    """
    loss = _INTENSITY * (F.l1_loss(fused, infrared) + F.l1_loss(fused, visible))
    loss = loss + _BASE * F.l1_loss(_coarse(fused), _base_target(_coarse(infrared), _coarse(visible)))
    for edges, stronger, mean in zip(_EDGES, _STRONGER, _MEAN, strict=True):
        lead = _activity(infrared) - _activity(visible)  # (B, 1, H, W), positive where infrared is more active
        for axis in (2, 3):
            of_infrared, of_visible = infrared.diff(dim=axis), visible.diff(dim=axis)
            size = lead.shape[axis] - 1
            leads = lead.narrow(axis, 1, size) + lead.narrow(axis, 0, size) > 0
            target = stronger * torch.where(leads, of_infrared, of_visible) + mean * (of_infrared + of_visible) / 2
            loss = loss + edges * F.l1_loss(fused.diff(dim=axis), target)
        fused, infrared, visible = (F.avg_pool2d(image, 2) for image in (fused, infrared, visible))
    return loss


def _activity(image: Tensor) -> Tensor:
    """Sum the absolute differences to the four neighbours of each pixel, and smooth the sum; (B, 1, H, W)."""
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    down, along = padded.diff(dim=2)[..., 1:-1].abs(), padded.diff(dim=3)[..., 1:-1, :].abs()
    return smooth(down[..., 1:, :] + down[..., :-1, :] + along[..., 1:] + along[..., :-1])


def _base_target(infrared: Tensor, visible: Tensor) -> Tensor:
    level = _mean((infrared + visible) / 2)
    from_level = infrared - _mean(infrared), visible - _mean(visible)
    spread = [(_mean(deviation**2) + 1e-4).sqrt() for deviation in from_level]
    balance = (spread[1] / spread[0]).sqrt().clamp(1 / _WIDEST_BALANCE, _WIDEST_BALANCE)
    share = balance / (1 + balance)
    target = level + _CONTRAST * (share * from_level[0] + (1 - share) * from_level[1])
    return torch.minimum(torch.maximum(target, torch.minimum(infrared, visible)), torch.maximum(infrared, visible))


def _coarse(image: Tensor) -> Tensor:
    for _ in range(_BASE_SCALES):
        image = pyramid_down(image) if min(image.shape[2:]) >= _SMALLEST_TO_SHRINK else image
    return image


def _mean(image: Tensor) -> Tensor:
    return image.mean((1, 2, 3), keepdim=True)
