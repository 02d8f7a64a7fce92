import threading
import time

import pytest
import torch

from fusion.training.batches import TrainingBatches, central_batches
from fusion.training.crops import CropSource
from fusion.training.parallel import Processes
from fusion.training.settings import Schedule

SCHEDULE = Schedule(epochs=2, batch_size=5, crop=32)
STEPS = 4  # two an epoch, of 5 and of 2 samples


def batches(pairs, rank=0, count=1, schedule=SCHEDULE):
    return TrainingBatches(
        CropSource(pairs, 32, seed=0), list(range(len(pairs))), schedule, Processes(torch.device("cpu"), rank, count)
    )


def tensors(batch):
    return [batch.images, *(mask for masks in batch.masks for mask in masks)]


def same(first, second):
    return all(torch.equal(*both) for both in zip(tensors(first), tensors(second), strict=True))


@pytest.fixture
def pairs(make_pairs):
    return make_pairs(7, 34, 38)


@pytest.mark.parametrize("first", [0, 1, 3])
def test_batches_drawn_in_the_background_are_those_of_their_step_wherever_one_starts(pairs, first):
    drawn = list(batches(pairs).ahead(first, STEPS))
    assert [samples for _, samples in drawn] == [5, 2, 5, 2][first:]
    for step, (batch, _) in enumerate(drawn, first):
        assert same(batch, batches(pairs).draw(step)[0])


def test_the_next_batches_are_drawn_while_this_one_is_in_use(pairs, monkeypatch):
    made = []
    draw = TrainingBatches.draw
    monkeypatch.setattr(TrainingBatches, "draw", lambda self, step: made.append(step) or draw(self, step))
    coming = batches(pairs).ahead(0, STEPS)
    next(coming)
    until = time.monotonic() + 30
    while len(made) < 3 and time.monotonic() < until:
        time.sleep(0.001)
    assert made == [0, 1, 2]
    coming.close()


def test_closing_leaves_no_thread_behind(pairs):
    before = set(threading.enumerate())
    coming = batches(pairs).ahead(0, STEPS)
    next(coming)
    coming.close()
    assert set(threading.enumerate()) == before


def test_an_error_in_the_background_arrives_at_its_step(pairs):
    made = batches(pairs)
    pairs[0].infrared.write_bytes(b"no image")
    with pytest.raises(Exception, match=r"ir/00\.png: not an image"):
        list(made.ahead(0, 2))


@pytest.mark.parametrize("step", range(STEPS))
def test_shards_are_the_crops_and_masks_of_the_whole_batch(pairs, step):
    whole, samples = batches(pairs).draw(step)
    for rank in range(2):
        shard, of_whole = batches(pairs, rank, 2).draw(step)
        chosen = Processes(torch.device("cpu"), rank, 2).shard(samples)
        assert of_whole == samples
        assert same(shard, whole.map(lambda tensor, chosen=chosen: tensor[chosen]))


def test_no_masks_are_drawn_before_the_interventions_start(pairs):
    made = batches(pairs, schedule=Schedule(epochs=2, batch_size=5, crop=32, interventions_from=0.5))
    assert [len(batch.masks) for batch, _ in made.ahead(0, STEPS)] == [0, 0, 2, 2]


def test_held_out_batches_are_the_same_every_time(pairs):
    found = [list(central_batches(CropSource(pairs, 32, seed=0), range(7), SCHEDULE)) for _ in range(2)]
    assert [len(batch.images) for batch in found[0]] == [5, 2]
    assert all(same(*both) for both in zip(*found, strict=True))
