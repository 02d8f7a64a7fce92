"""BatchNorm over a batch that several processes share: torch.nn.SyncBatchNorm does the same on GPUs only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn


class SyncBatchNorm(nn.BatchNorm2d):
    """BatchNorm that computes mean and variance over the samples of all processes while it `is_syncing`.

    A single image is equal in all processes, as it is the all-zero one of an intervention, and needs no exchange.
    """

    is_syncing = False

    def forward(self, features: Tensor) -> Tensor:
        """Normalise (B, C, H, W); all processes must call their layers in the same order."""
        if not (self.is_syncing and self.training and len(features) > 1):
            return super().forward(features)
        exact = features.to(torch.promote_types(features.dtype, torch.float32))
        variance, mean = torch.var_mean(exact, (0, 2, 3), correction=0)
        pixels = torch.full_like(mean, features.numel() / len(mean), dtype=torch.float64)
        sums = torch.stack([pixels, pixels * mean, pixels * (variance.double() + mean.double() ** 2)])  # (3, C)
        pixels, total, squares = _AllReduceSum.apply(sums)
        mean = total / pixels
        variance = squares / pixels - mean**2
        self._update_running(mean, variance * pixels / (pixels - 1))
        scale = self.weight * (variance + self.eps).rsqrt()
        shift = self.bias - mean * scale
        scale, shift = (values.to(exact.dtype).view(1, -1, 1, 1) for values in (scale, shift))
        return torch.addcmul(shift, exact, scale).to(features.dtype)

    @torch.no_grad()
    def _update_running(self, mean: Tensor, variance: Tensor) -> None:
        momentum = self.momentum or 0.0
        for running, value in ((self.running_mean, mean), (self.running_var, variance)):
            if running is not None:
                running.lerp_(value.to(running), momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked += 1


def convert_sync_batchnorm(network: nn.Module) -> None:
    """Replace the BatchNorm layers of a new network in place; the names of its tensors do not change."""
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.BatchNorm2d):
                setattr(parent, name, SyncBatchNorm(layer.num_features))


@contextmanager
def synced_statistics(network: nn.Module, is_syncing: bool) -> Iterator[None]:
    """Set `is_syncing` of all SyncBatchNorm layers inside the block."""
    layers = [module for module in network.modules() if isinstance(module, SyncBatchNorm)]
    for layer in layers:
        layer.is_syncing = is_syncing
    try:
        yield
    finally:
        for layer in layers:
            layer.is_syncing = False


class _AllReduceSum(torch.autograd.Function):
    """The sum of a tensor over the processes; its gradient is the sum of the processes' gradients."""

    @staticmethod
    def forward(_: Any, values: Tensor) -> Tensor:
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total
