"""BatchNorm over a batch that several processes share (torch.nn.SyncBatchNorm does the same, on GPUs only)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn


class WholeBatchNorm(nn.BatchNorm2d):
    """BatchNorm whose mean and variance are those over the samples of all processes while it is `exchanging`.

    One image alone is the same in every process, the zeroed one of an intervention, and needs no exchange.
    """

    exchanging = False

    def forward(self, features: Tensor) -> Tensor:
        """Normalise (B, C, H, W); every process calls this in the same order."""
        if not (self.exchanging and self.training and len(features) > 1):
            return super().forward(features)
        exact = features.to(torch.promote_types(features.dtype, torch.float32))
        variance, mean = torch.var_mean(exact, (0, 2, 3), correction=0)
        pixels = torch.full_like(mean, features.numel() / len(mean), dtype=torch.float64)
        shares = torch.stack([pixels, pixels * mean, pixels * (variance.double() + mean.double() ** 2)])  # (3, C)
        pixels, total, squares = _Sum.apply(shares)
        mean = total / pixels
        variance = squares / pixels - mean**2
        self._remember(mean, variance * pixels / (pixels - 1))
        scale = self.weight * (variance + self.eps).rsqrt()
        shift = self.bias - mean * scale
        scale, shift = (values.to(exact.dtype).view(1, -1, 1, 1) for values in (scale, shift))
        return torch.addcmul(shift, exact, scale).to(features.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        momentum = self.momentum or 0.0
        for running, value in ((self.running_mean, mean), (self.running_var, variance)):
            if running is not None:
                running.lerp_(value.to(running), momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked += 1


def normalise_by_whole_batch(network: nn.Module) -> None:
    """Replace the BatchNorm layers of a new network; the names in its checkpoints stay."""
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.BatchNorm2d):
                setattr(parent, name, WholeBatchNorm(layer.num_features))


@contextmanager
def exchanged_statistics(network: nn.Module, exchanging: bool) -> Iterator[None]:
    """Let the layers exchange statistics inside the block, if asked."""
    layers = [module for module in network.modules() if isinstance(module, WholeBatchNorm)]
    for layer in layers:
        layer.exchanging = exchanging
    yield
    for layer in layers:
        layer.exchanging = False


class _Sum(torch.autograd.Function):
    """The sum over the processes; its gradient is the sum of theirs."""

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
