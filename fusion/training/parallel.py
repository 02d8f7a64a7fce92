"""Data-parallel training: several processes, started by torchrun, that each take a shard of every batch.

Except for rounding, the result is that of a single process: losses are weighted by the size of the shard, gradients are
summed over the processes, and BatchNorm normalises by the whole batch (`fusion.training.sync_batchnorm`).
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
    """The processes of a training, as seen from one of them.

    Args:
        device: of this process.
        rank: of this process, from 0.
        count: number of processes.

    Example:
        >>> cpu = torch.device("cpu")
        >>> [Processes(cpu, rank, 2).shard(5) for rank in range(2)]
        [[0, 2, 4], [1, 3]]
        >>> [Processes(cpu, rank, 2).weight(5) for rank in range(2)]
        [0.6, 0.4]
    """

    device: torch.device
    rank: int = 0
    count: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this process validates, writes files and shows progress."""
        return self.rank == 0

    def is_sharded(self, samples: int) -> bool:
        """Return whether a batch is sharded; with fewer than two samples per process, each takes the whole batch."""
        return 1 < self.count <= samples // 2

    def shard(self, samples: int) -> list[int]:
        """Return the indices of the samples of a batch that this process takes."""
        return list(range(self.rank, samples, self.count) if self.is_sharded(samples) else range(samples))

    def weight(self, samples: int) -> float:
        """Return the weight of the mean over this process's shard in the mean over the batch."""
        return len(self.shard(samples)) / samples if self.is_sharded(samples) else 1 / self.count

    def all_reduce(self, network: nn.Module, terms: dict[str, Tensor], weight: float) -> dict[str, Tensor]:
        """Sum gradients and loss terms over the processes.

        Args:
            network: its gradients are replaced by their sum; they must be weighted already.
            terms: scalars; multiplied by `weight` before they are summed.
            weight: from `weight`.

        Returns:
            The summed terms.
        """
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
def process_group(device: torch.device) -> Iterator[Processes]:
    """Join the processes that torchrun started; without torchrun, yield this process alone."""
    if not _is_launched():
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


def is_main_process() -> bool:
    """Return whether this process is the one that writes files, inside `process_group` or not."""
    return not _is_launched() or os.environ["RANK"] == "0"


def _is_launched() -> bool:
    return distributed.is_available() and distributed.is_torchelastic_launched()
