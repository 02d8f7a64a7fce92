"""A fusion network as TorchScript."""

from __future__ import annotations

import copy
import json
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


def example_pair() -> tuple[Tensor, Tensor]:
    """Give two images to record a network with; of odd lengths, so that none is taken for another one."""
    infrared, visible = torch.rand(2, 2, 1, 37, 53, generator=torch.Generator().manual_seed(0)).unbind()
    return infrared, visible


class InBfloat16(nn.Module):
    """A network that computes in bfloat16 between float32 images."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).bfloat16()
        self.eval()

    def forward(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Fuse (B, 1, H, W) float32 luma."""
        fused: Tensor = self.network(infrared.bfloat16(), visible.bfloat16()).float()
        return fused


def write_torchscript(network: nn.Module, path: Path, facts: dict[str, Any], half: bool) -> None:
    """Write a network in eval mode; its sizes stay free.

    Args:
        network: maps infrared and visible to fused luma.
        path: to write to.
        facts: about it, JSON values; they are stored as the extra file `facts.json`.
        half: compute in bfloat16, in float32 else.
    """
    network = network.to(memory_format=torch.channels_last)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # checks of shapes are not recorded, and TorchScript is said to be of old
        traced = torch.jit.trace(InBfloat16(network) if half else network, example_pair())  # type: ignore[no-untyped-call]
        frozen = torch.jit.freeze(traced)
        torch.jit.save(frozen, str(path), _extra_files={"facts.json": json.dumps(facts)})
