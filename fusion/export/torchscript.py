"""Write a fusion network as TorchScript."""

from __future__ import annotations

import copy
import json
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


def example_pair() -> tuple[Tensor, Tensor]:
    """Make two batches of images, (2, 1, 37, 53), to trace a network with; all lengths differ, so none is confused."""
    infrared, visible = torch.rand(2, 2, 1, 37, 53, generator=torch.Generator().manual_seed(0)).unbind()
    return infrared, visible


class InBfloat16(nn.Module):
    """A network that takes and returns float32 images and computes in bfloat16."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).bfloat16()
        self.eval()

    def forward(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Fuse two (B, 1, H, W) float32 luma images; the result has the same shape and type."""
        fused: Tensor = self.network(infrared.bfloat16(), visible.bfloat16()).float()
        return fused


def write_torchscript(network: nn.Module, path: Path, facts: dict[str, Any], half: bool) -> None:
    """Write a network as TorchScript with dynamic image sizes.

    Args:
        network: in eval mode; maps (infrared, visible), each (B, 1, H, W) luma in [0, 1], to fused luma.
        path: the file to write.
        facts: JSON values about the network, stored as the extra file `facts.json`.
        half: whether to store the weights and compute in bfloat16 instead of float32.
    """
    network = network.to(memory_format=torch.channels_last)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # shape checks are not traced; TorchScript is deprecated
        traced = torch.jit.trace(InBfloat16(network) if half else network, example_pair())  # type: ignore[no-untyped-call]
        frozen = torch.jit.freeze(traced)
        torch.jit.save(frozen, str(path), _extra_files={"facts.json": json.dumps(facts)})
