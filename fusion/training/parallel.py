"""Several processes that train one network, each on its share of every batch, as torchrun starts them.

The result is that of one process but for rounding: losses are weighed by the shares, gradients are summed, and
BatchNorm normalises by the whole batch (`fusion.training.sync_batchnorm`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn


@dataclass(frozen=True)
class Processes:
    """The processes of a training: on which device this one is, which of them, from 0, and how many they are."""

    device: torch.device
    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that validates, writes and shows."""
        return self.rank == 0

    def divide(self, samples: int) -> bool:
        """Tell whether a batch is shared; with fewer than two samples a process, every one takes all of it."""
        return 1 < self.count <= samples // 2

    def share(self, samples: int) -> list[int]:
        """Name the samples of a batch that this process takes."""
        return list(range(self.rank, samples, self.count) if self.divide(samples) else range(samples))

    def weight(self, samples: int) -> float:
        """Tell what the mean over this process's share counts in the mean over the batch."""
        return len(self.share(samples)) / samples if self.divide(samples) else 1 / self.count

    def add_up(self, network: nn.Module, terms: dict[str, Tensor], weight: float) -> dict[str, Tensor]:
        """Sum gradients, which carry their weight already, and weighted terms over the processes."""
        if self.count == 1:
            return terms
        gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
        weighted = torch.stack(list(terms.values())).detach() * weight
        total = torch.cat([*(gradient.flatten() for gradient in gradients), weighted])
        distributed.all_reduce(total)
        sums = torch.split(total, [*(gradient.numel() for gradient in gradients), len(terms)])
        for gradient, summed in zip(gradients, sums[:-1], strict=True):
            gradient.copy_(summed.view_as(gradient))
        return dict(zip(terms, sums[-1], strict=True))


@contextmanager
def joined(device: torch.device) -> Iterator[Processes]:
    """Join the processes that torchrun has started; without it this process stands alone."""
    if not _launched():
        yield Processes(device)
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(device, distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def is_first_process() -> bool:
    """Tell whether this process is the one that writes and shows, inside `joined` or not."""
    return not _launched() or os.environ["RANK"] == "0"


def _launched() -> bool:
    return distributed.is_available() and distributed.is_torchelastic_launched()
