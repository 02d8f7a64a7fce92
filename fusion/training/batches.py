"""The batches of a training by the number of their step, made in the background while the step before runs."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch

from fusion.interventions import Masks
from fusion.seeds import generator_for
from fusion.training.batch_terms import Batch, draw_masks
from fusion.training.crops import CropSource
from fusion.training.parallel import Processes
from fusion.training.schedule import Schedule

AHEAD = 2


@dataclass(frozen=True)
class TrainingBatches:
    """What every step of a training computes on: a function of the seed and the number of the step alone.

    Args:
        crops: cuts the crops.
        training: indices of the pairs to draw from.
        schedule: of the training.
        processes: that share every batch.
    """

    crops: CropSource
    training: Sequence[int]
    schedule: Schedule
    processes: Processes

    @property
    def steps_per_epoch(self) -> int:
        """How many steps see every pair once."""
        return math.ceil(len(self.training) / self.schedule.batch_size)

    def ahead(self, first: int, end: int) -> Generator[tuple[Batch, int], None, None]:
        """Give what `draw` gives for the steps from `first` to before `end`, while a thread draws the next two.

        Closed, it waits for no more than the batch in work.
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
        """Cut this process's share of the batch of a step, and tell how many samples the whole batch has."""
        epoch, step_in_epoch = divmod(step, self.steps_per_epoch)
        seed, size = self.schedule.seed, self.schedule.batch_size
        order = torch.randperm(len(self.training), generator=generator_for(seed, "order", epoch)).tolist()
        chosen = [self.training[k] for k in order[step_in_epoch * size : (step_in_epoch + 1) * size]]
        share = self.processes.share(len(chosen))
        masks: tuple[Masks, ...] = ()
        if epoch >= self.schedule.interventions_from * self.schedule.epochs:
            drawn = draw_masks(len(chosen), self.schedule.crop, generator_for(seed, "masks", step))
            masks = tuple(Masks(*(mask[share] for mask in kind)) for kind in drawn)
        turns = tuple(step * size + sample for sample in share)
        batch = Batch(self.crops.random_batch(chosen, step, share), masks, turns)
        if self.processes.device.type == "cuda":
            batch = batch.each(torch.Tensor.pin_memory)  # which a GPU fetches while it computes
        return batch, len(chosen)


def central_batches(crops: CropSource, held_out: Sequence[int], schedule: Schedule) -> Iterator[Batch]:
    """Give the central crops of the pairs held out, with the same masks every time."""
    for start in range(0, len(held_out), schedule.batch_size):
        part = held_out[start : start + schedule.batch_size]
        generator = generator_for(schedule.seed, "validation masks", start)
        turns = tuple(range(start, start + len(part)))
        yield Batch(crops.central_batch(part), draw_masks(len(part), schedule.crop, generator), turns)
