"""The fusion term of a student network: the distance to the output of its teacher."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

_GRADIENTS = (4.0, 2.0, 1.0)  # weight of each scale, finest first
_ACTIVITY, _BLOCK = 8.0, 8


def distillation_loss(fused: Tensor, teacher_output: Tensor) -> Tensor:
    """Compute the L1 distance to the teacher's image: grey levels and gradients at three scales, and activity.

    Activity is the mean absolute gradient in blocks of 8x8 pixels. An L1 fit blurs detail that it cannot place exactly;
    the activity keeps the amount of detail equal to the teacher's even where its position is off by some pixels.

    Args:
        fused: (B, 1, H, W) luma in [0, 1].
        teacher_output: fused images of the teacher for the same pairs, likewise.

    Returns:
        A scalar, the mean over all pixels.
    """
    loss = F.l1_loss(fused, teacher_output)
    for axis in (2, 3):
        activity, target = (F.avg_pool2d(image.diff(dim=axis).abs(), _BLOCK) for image in (fused, teacher_output))
        loss = loss + _ACTIVITY * F.l1_loss(activity, target)
    for weight in _GRADIENTS:
        for axis in (2, 3):
            loss = loss + weight * F.l1_loss(fused.diff(dim=axis), teacher_output.diff(dim=axis))
        fused, teacher_output = F.avg_pool2d(fused, 2), F.avg_pool2d(teacher_output, 2)
        loss = loss + F.l1_loss(fused, teacher_output)
    return loss
