"""The batches of a training by step number, prepared in the background during the previous step."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from fusion.images import CropWindow
from fusion.interventions import Masks, complementary_masks, random_masks
from fusion.seeds import generator_for
from fusion.training.crops import CropSource
from fusion.training.parallel import Processes
from fusion.training.settings import Schedule

AHEAD = 2


class Batch(NamedTuple):
    """A mini-batch of crops with the masks of its interventions.

    Args:
        images: crops from `CropSource`: infrared luma, visible luma and, if there is a teacher, its fused image,
            (B, 2 or 3, S, S) in [0, 1].
        masks: complementary and random masks; empty where only the standard pass runs.
        sample_indices: running numbers of the samples in the training, over which the interventions rotate.
        colours: the visible crops in RGB, (B, 3, S, S) in [0, 1], for a critic; None without one.
        windows: where the crops were cut, for a critic.
    """

    images: Tensor
    masks: tuple[Masks, ...] = ()
    sample_indices: tuple[int, ...] | None = None
    colours: Tensor | None = None
    windows: tuple[CropWindow, ...] = ()

    def map(self, change: Callable[[Tensor], Tensor]) -> Batch:
        """Apply a function to every tensor."""
        masks = tuple(Masks(*map(change, kind)) for kind in self.masks)
        colours = None if self.colours is None else change(self.colours)
        return self._replace(images=change(self.images), masks=masks, colours=colours)

    def to(self, device: torch.device) -> Batch:
        """Move to a device, asynchronously if the memory is pinned."""
        return self.map(lambda tensor: tensor.to(device, non_blocking=True))


def draw_masks(count: int, side: int, generator: torch.Generator) -> tuple[Masks, Masks]:
    """Draw the complementary and the random masks of `count` square crops, each (count, 1, side, side) on the CPU."""
    return complementary_masks(count, side, side, generator), random_masks(count, side, side, generator)


@dataclass(frozen=True)
class TrainingBatches:
    """The batches of a training; each depends on the seed and the step number only.

    Args:
        crops: source of the crops.
        training: indices of the training pairs.
        schedule: of the training.
        processes: that share every batch.
    """

    crops: CropSource
    training: Sequence[int]
    schedule: Schedule
    processes: Processes

    @property
    def steps_per_epoch(self) -> int:
        """The number of steps in which every pair is used once."""
        return math.ceil(len(self.training) / self.schedule.batch_size)

    def ahead(self, first: int, end: int) -> Generator[tuple[Batch, int], None, None]:
        """Yield `draw(step)` for the steps from `first` to `end` - 1, while a thread prepares the next two.

        When closed, the generator waits only for the batch in preparation.
        """
        drawing = ThreadPoolExecutor(1)
        try:
            coming = [drawing.submit(self.draw, step) for step in range(first, min(first + AHEAD, end))]
            for step in range(first, end):
                drawn = coming.pop(0).result()
                if step + AHEAD < end:
                    coming.append(drawing.submit(self.draw, step + AHEAD))
                yield drawn
        finally:
            drawing.shutdown(cancel_futures=True)

    def draw(self, step: int) -> tuple[Batch, int]:
        """Return this process's shard of the batch of a step, and the number of samples in the whole batch."""
        epoch, step_in_epoch = divmod(step, self.steps_per_epoch)
        seed, size = self.schedule.seed, self.schedule.batch_size
        order = torch.randperm(len(self.training), generator=generator_for(seed, "order", epoch)).tolist()
        chosen = [self.training[k] for k in order[step_in_epoch * size : (step_in_epoch + 1) * size]]
        shard = self.processes.shard(len(chosen))
        masks: tuple[Masks, ...] = ()
        if epoch >= self.schedule.interventions_from * self.schedule.epochs:
            drawn = draw_masks(len(chosen), self.schedule.crop, generator_for(seed, "masks", step))
            masks = tuple(Masks(*(mask[shard] for mask in kind)) for kind in drawn)
        indices = tuple(step * size + sample for sample in shard)
        crops = self.crops.random_batch(chosen, step, shard)
        batch = batch_of(crops, masks, indices, self.crops.random_windows(chosen, step, shard))
        if self.processes.device.type == "cuda":
            batch = batch.map(torch.Tensor.pin_memory)  # so that the copy to the GPU overlaps with its computation
        return batch, len(chosen)


def batch_of(
    crops: Tensor, masks: tuple[Masks, ...], indices: tuple[int, ...], windows: tuple[CropWindow, ...]
) -> Batch:
    """Build a batch of what a `CropSource` cuts; if there are windows, the last three channels are colours."""
    if not windows:
        return Batch(crops, masks, indices)
    return Batch(crops[:, :-3], masks, indices, crops[:, -3:], windows)


def central_batches(crops: CropSource, held_out: Sequence[int], schedule: Schedule) -> Iterator[Batch]:
    """Yield the central crops of the held-out pairs, with the same masks in every epoch."""
    for start in range(0, len(held_out), schedule.batch_size):
        part = held_out[start : start + schedule.batch_size]
        generator = generator_for(schedule.seed, "validation masks", start)
        indices = tuple(range(start, start + len(part)))
        masks = draw_masks(len(part), schedule.crop, generator)
        yield batch_of(crops.central_batch(part), masks, indices, crops.central_windows(part))
