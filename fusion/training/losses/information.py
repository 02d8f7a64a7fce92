"""Visual information fidelity (VIF) as a loss term: the information of the sources that the fused image loses."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.metrics import gaussian

_WINDOWS = (17, 9, 5, 3)  # one per scale, finest first
_VISUAL_NOISE = 2.0  # variance of the visual noise, grey levels squared
_TINY = 1e-3
_LEVELS = 255


def information_loss(fused: Tensor, infrared: Tensor, visible: Tensor) -> Tensor:
    """Compute the fraction of the sources' information that is not visible in the fused image, summed over both.

    This is 2 - VIF, the metric of `fusion.metrics`, with two differences. Sums run over the whole batch, so that crops
    with little content have little weight. And the information at a position is bounded by that of its source: without
    the bound, the network would gain most by amplifying the noise of dark regions.

    Args:
        fused: (B, 1, H, W) luma in [0, 1].
        infrared: likewise.
        visible: likewise.

    Returns:
        A scalar from 0 (nothing is lost) to 2; 0 for crops smaller than 17 pixels, where no window fits.

    Source: Sheikh and Bovik, IEEE Trans. Image Processing 15 (2006).
    Verified against: the metric, where the bound has no effect, 1e-4.
    """
    if min(fused.shape[2:]) < _WINDOWS[0]:
        return fused.new_zeros(())
    images = torch.cat([infrared, visible, fused], dim=1) * _LEVELS
    preserved_sum, total_sum = images.new_zeros(2), images.new_full((2,), _TINY)  # per source
    for size in _WINDOWS:
        window = _window(size, images.dtype, images.device)
        if size < _WINDOWS[0]:
            images = _filtered(images, window)[..., ::2, ::2]
        if min(images.shape[2:]) < size:  # a small crop has fewer scales
            break
        preserved, total = _information(images, window)
        preserved_sum = preserved_sum + torch.minimum(preserved, total).sum((0, 2, 3))
        total_sum = total_sum + total.sum((0, 2, 3))
    return (1 - preserved_sum / total_sum).sum()


@cache
def _window(size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return a Gaussian of `size` weights; cached, as every copy to a GPU waits for all its pending work."""
    with torch.inference_mode(False):  # an inference tensor could not be used for gradients later
        return torch.tensor(gaussian(size, size / 5), dtype=dtype, device=device)


def _information(images: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the information of each source that the third image preserves, and its total, in nats.

    Args:
        images: (B, 3, H, W) grey levels 0..255: infrared, visible, fused.
        window: of the local statistics.

    Returns:
        Two tensors (B, 2, H', W'), at the positions where the window fits.
    """
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
    """Filter (B, C, H, W) along both axes, at the positions where the window fits."""
    planes = images.flatten(0, 1)
    count, size = len(planes), len(window)
    # One group per plane, since CPUs convolve images of one channel 20 times as slowly
    down, along = window.view(1, 1, size, 1), window.view(1, 1, 1, size)
    with torch.autocast(images.device.type, enabled=False):  # bfloat16 is too coarse for variances as differences
        planes = F.conv2d(planes, down.expand(count, 1, size, 1), groups=count)
        planes = F.conv2d(planes, along.expand(count, 1, 1, size), groups=count)
    return planes.view(*images.shape[:2], *planes.shape[1:])
