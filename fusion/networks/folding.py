"""Inference form of a network: BatchNorm folded into the convolutions before it, equal to rounding."""

from __future__ import annotations

import copy
from typing import TypeVar

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Network = TypeVar("Network", bound=nn.Module)


def fold_batchnorm(network: Network) -> Network:
    """Copy an eval-mode network with every Conv2d + BatchNorm2d pair made one convolution.

    Raises:
        ValueError: the network is in train mode, where BatchNorm depends on the batch.
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
    """A network that gives the fused image alone, (B, 1, H, W) in [0, 1], without its gates: what is exported."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Fuse (B, 1, H, W) luma in [0, 1]."""
        fused: Tensor = self.network(infrared, visible).fused
        return fused
