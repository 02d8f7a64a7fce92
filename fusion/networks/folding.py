"""Inference form of a network: BatchNorm folded into the preceding convolutions, and the fused image as only output."""

from __future__ import annotations

import copy
from typing import TypeVar

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Network = TypeVar("Network", bound=nn.Module)


def fold_batchnorm(network: Network) -> Network:
    """Return a copy of the network with every Conv2d + BatchNorm2d pair merged into one convolution.

    The output is the same except for rounding errors.

    Raises:
        ValueError: the network is in train mode, where BatchNorm depends on the batch.

    Example:
        >>> block = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)).eval()
        >>> fold_batchnorm(block)
        Sequential(
          (0): Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1))
          (1): Identity()
        )
    """
    if network.training:
        raise ValueError("fold_batchnorm needs a network in eval mode; call .eval() first")
    folded = copy.deepcopy(network)
    for block in [module for module in folded.modules() if isinstance(module, nn.Sequential)]:
        for index in range(len(block) - 1):
            convolution, normalisation = block[index], block[index + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
                block[index] = fuse_conv_bn_eval(convolution, normalisation)
                block[index + 1] = nn.Identity()
    return folded


class FusedOnly(nn.Module):
    """A network that returns only the fused image, without the gates: the form that is exported."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Fuse (B, 1, H, W) infrared and visible luma in [0, 1] to (B, 1, H, W) luma in [0, 1]."""
        fused: Tensor = self.network(infrared, visible).fused
        return fused
