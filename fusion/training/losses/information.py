"""A term that asks the fused image to let through what each source shows: visual information fidelity as a loss."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.metrics import gaussian

_WINDOWS = (17, 9, 5, 3)  # one for each scale, finest first
_VISUAL_NOISE = 2.0  # variance, of grey levels
_TINY = 1e-3
_LEVELS = 255


def information_loss(fused: Tensor, infrared: Tensor, visible: Tensor) -> Tensor:
    """Measure how much of the information in both sources cannot be seen in the fused image, 0 (none) to 2.

    The counterpart of the metric VIF, `fusion.metrics`, with two differences. Sums run over the batch, so that crops
    with little to see count little. And no place counts for more than its source holds: without this bound a network
    gains most by amplifying the noise of dark places.

    Args:
        fused: (B, 1, H, W) in [0, 1]. The sources likewise.

    Returns:
        A scalar; 0 for crops below 17 pixels, where no window fits.

    Source: Sheikh and Bovik, IEEE Trans. Image Processing 15 (2006). Verified against: the metric, where it is not
    bounded, 1e-4.
    """
    if min(fused.shape[2:]) < _WINDOWS[0]:
        return fused.new_zeros(())
    images = torch.cat([infrared, visible, fused], dim=1) * _LEVELS
    seen, there = images.new_zeros(2), images.new_full((2,), _TINY)
    for size in _WINDOWS:
        window = _window(size, images.dtype, images.device)
        if size < _WINDOWS[0]:
            images = _filtered(images, window)[..., ::2, ::2]
        if min(images.shape[2:]) < size:  # the coarser scales of a small crop
            break
        let_through, held = _information(images, window)
        seen, there = seen + torch.minimum(let_through, held).sum((0, 2, 3)), there + held.sum((0, 2, 3))
    return (1 - seen / there).sum()


@cache
def _window(size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Give a Gaussian of `size` weights, moved to a GPU once: every move waits for all that the GPU has to do."""
    with torch.inference_mode(False):  # where gradients are wanted later, no inference tensor will do
        return torch.tensor(gaussian(size, size / 5), dtype=dtype, device=device)


def _information(images: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
    """Tell what each source holds and the third image lets through of it, both (B, 2, H', W') in nats."""
    sources, fused = images[:, :2], images[:, 2:]
    moments = _filtered(torch.cat([images, images**2, sources * fused], dim=1), window)
    means, squares, products = moments[:, :3], moments[:, 3:6], moments[:, 6:]
    variances = (squares - means**2).clamp(min=0)
    shared = (products - means[:, :2] * means[:, 2:]).clamp(min=0)
    source, total = variances[:, :2], variances[:, 2:]
    gain = shared / (source + _TINY)
    noise = (total - gain * shared).clamp(min=0) + _VISUAL_NOISE
    return torch.log1p(gain**2 * source / noise), torch.log1p(source / _VISUAL_NOISE)


def _filtered(images: Tensor, window: Tensor) -> Tensor:
    """Filter (B, C, H, W) along both axes where the window fits."""
    planes = images.flatten(0, 1).unsqueeze(1)
    with torch.autocast(images.device.type, enabled=False):  # variances are differences that bfloat16 does not hold
        planes = F.conv2d(F.conv2d(planes, window.view(1, 1, -1, 1)), window.view(1, 1, 1, -1))
    return planes.view(*images.shape[:2], *planes.shape[2:])
