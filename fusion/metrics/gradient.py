"""Metrics of sharpness: gradients of the fused image."""

from __future__ import annotations

import torch
from torch import Tensor

from fusion.metrics.filters import sobel
from fusion.metrics.triplet import Triplet


def average_gradient(images: Triplet) -> Tensor:
    """Compute the mean strength of central differences, one-sided at the borders, over (H - 1)(W - 1) (AG); (B,)."""
    return _gradient_sum(images) / ((images.height - 1) * (images.width - 1))


def average_gradient_mean(images: Triplet) -> Tensor:
    """Compute AG over the number of pixels, as CDDFuse does; (B,)."""
    return _gradient_sum(images) / (images.height * images.width)


def spatial_frequency(images: Triplet) -> Tensor:
    """Compute the root of the mean squared differences between neighbours in rows and columns (SF); (B,)."""
    rows, columns = _squared_differences(images)
    return (rows.mean((1, 2)) + columns.mean((1, 2))).sqrt()


def spatial_frequency_vifb(images: Triplet) -> Tensor:
    """Compute VIFB's SF, which divides both sums by the number of pixels; (B,)."""
    rows, columns = _squared_differences(images)
    return ((rows.sum((1, 2)) + columns.sum((1, 2))) / (images.height * images.width)).sqrt()


def edge_intensity(images: Triplet) -> Tensor:
    """Compute the mean Sobel magnitude, with replicated borders (EI); (B,)."""
    strengths = [strength.sum((1, 2)) for _, _, strength in sobel(images.fused, "replicate")]
    return torch.stack(strengths).sum(0) / (images.height * images.width)


def _gradient_sum(images: Triplet) -> Tensor:
    down, along = torch.gradient(images.fused, dim=(1, 2))
    return ((down**2 + along**2) / 2).double().sqrt().sum((1, 2))


def _squared_differences(images: Triplet) -> tuple[Tensor, Tensor]:
    return (images.fused.diff(dim=2) ** 2).double(), (images.fused.diff(dim=1) ** 2).double()
