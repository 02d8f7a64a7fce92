"""A fusion term for a student: make what its teacher makes."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

_GRADIENTS = (4.0, 2.0, 1.0)  # weights by scale, finest first
_ACTIVITY, _BLOCK = 8.0, 8


def distillation_loss(fused: Tensor, taught: Tensor) -> Tensor:
    """Measure how far the fused image is from the teacher's: grey levels and gradients at three scales, and activity.

    Activity is the mean absolute gradient of blocks of 8 pixels. An L1 fit blurs what it cannot place; with it, there
    is as much detail as the teacher's even where it does not lie to the pixel.

    Args:
        fused: (B, 1, H, W) in [0, 1].
        taught: what the teacher makes of the same images, likewise.

    Returns:
        A scalar, the mean over all pixels.
    """
    loss = F.l1_loss(fused, taught)
    for axis in (2, 3):
        made, wanted = (F.avg_pool2d(image.diff(dim=axis).abs(), _BLOCK) for image in (fused, taught))
        loss = loss + _ACTIVITY * F.l1_loss(made, wanted)
    for weight in _GRADIENTS:
        for axis in (2, 3):
            loss = loss + weight * F.l1_loss(fused.diff(dim=axis), taught.diff(dim=axis))
        fused, taught = F.avg_pool2d(fused, 2), F.avg_pool2d(taught, 2)
        loss = loss + F.l1_loss(fused, taught)
    return loss
