"""A fusion network trained with a critic: a small real one, whose task is to tell how bright its crop is."""

import csv

import pytest
import torch
from torch import nn

from fusion.errors import InputError
from fusion.fusers.learned import ISFuseFuser
from fusion.fusers.pair import fuse_pair
from fusion.networks.checkpoints import save_network
from fusion.networks.isfuse import ISFuse
from fusion.storage.tensor_files import load_tensors
from fusion.training.batches import TrainingBatches
from fusion.training.crops import CropSource
from fusion.training.objective import Objective
from fusion.training.parallel import Processes
from fusion.training.settings import LossWeights, Schedule
from fusion.training.trainer import Trainer


class BrightnessCritic:
    """Predicts the column that a crop was cut from, as a fraction of ten, through dropout."""

    learning_rate = 1e-2

    def __init__(self):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.network = nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.ReLU(), nn.Dropout(0.3), nn.Conv2d(4, 1, 3, 2))
        self.facts = {"task": "brightness"}
        self.seen = []

    def loss(self, fused, windows):
        self.seen.append((fused.detach().clone(), tuple(windows)))
        truth = torch.tensor([window.left / 10 for window in windows])
        return (self.network(fused).mean((1, 2, 3)) - truth).square().mean()

    def score(self, fused):
        found = [float(self.network(image[None]).mean()) for _, image in fused]
        return 1 / (1 + abs(sum(found) / len(found)))


SETTINGS = {"epochs": 3, "batch_size": 4, "crop": 32, "learning_rate": 1e-3, "validation": 0.2}


def trainer(pairs, critic, network=None, start=None, objective=None, **changes):
    schedule = Schedule(**{**SETTINGS, **changes})
    return Trainer(pairs, network or {"channels": 4}, objective or Objective(), schedule, "cpu", None, start, critic)


def tensors_of(path):
    return {name: tensor.numpy().tobytes() for name, tensor in load_tensors(path)[0].items()}


@pytest.fixture
def pairs(make_pairs):
    return make_pairs(count=9, height=36, width=44)


def test_a_training_with_a_critic_resumes_bit_by_bit_and_keeps_the_best_score(tmp_path, pairs):
    def kill():
        raise KeyboardInterrupt

    whole = trainer(pairs, BrightnessCritic()).run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        trainer(pairs, BrightnessCritic()).run(tmp_path / "cut", kill)
    resumed = trainer(pairs, BrightnessCritic()).run(tmp_path / "cut")
    for name in ("best.safetensors", "last.safetensors"):
        assert tensors_of(whole.parent / name) == tensors_of(resumed.parent / name)
    assert any(name.startswith("critic.network.") for name in tensors_of(whole.parent / "last.safetensors"))
    assert not any("critic" in name for name in tensors_of(whole))
    with (tmp_path / "cut/log.csv").open() as log:
        rows = list(csv.DictReader(log))
    scores = [float(row["validation_score"]) for row in rows]
    best = max(range(3), key=lambda epoch: (scores[epoch], epoch)) + 1
    assert load_tensors(whole)[1]["epoch"] == best
    assert all(float(row["task"]) > 0 for row in rows)


def test_the_critic_sees_fused_colours_and_those_behind_masks_at_the_windows_of_the_crops(tmp_path, pairs):
    critic = BrightnessCritic()
    trained = trainer(pairs, critic, epochs=1, validation=0.1)
    trained.run(tmp_path)
    crops = CropSource(pairs, 32, 0, judged=True)
    batches = TrainingBatches(crops, trained._training, trained.schedule, Processes(torch.device("cpu")))
    batch = batches.draw(0)[0]
    (clean, windows), (intervened, again) = critic.seen[:2]
    assert windows == again == batch.windows
    for window, colours, infrared in zip(windows, batch.colours, batch.images[:, 0], strict=True):
        source_infrared, source = pairs[window.pair].read()
        rows, columns = slice(window.top, window.top + 32), slice(window.left, window.left + 32)
        flip = [2] if window.mirrored else []
        assert torch.allclose(source[:, rows, columns].flip(flip), colours, atol=1e-3)
        assert torch.allclose(source_infrared[:, rows, columns].flip(flip)[0], infrared, atol=1e-3)
    assert {window.mirrored for window in batches.draw(0)[0].windows + batches.draw(1)[0].windows} == {False, True}
    without_visible = 2  # of the four interventions in rotation
    grey = intervened[without_visible]
    assert torch.allclose(grey, grey[:1].expand_as(grey), atol=1e-6)
    assert (clean[without_visible] - clean[without_visible][:1]).abs().max() > 0.01


def test_the_fusion_network_learns_from_the_critic_and_more_from_a_heavier_one(tmp_path, pairs):
    weights = {}
    for weight in (0.0, 0.1, 10.0):
        objective = Objective(LossWeights(task=weight))
        weights[weight] = load_tensors(
            trainer(pairs, BrightnessCritic(), epochs=1, objective=objective).run(tmp_path / str(weight))
        )[0]
    moved = {
        weight: sum(float((tensor - weights[0.0][name]).abs().sum()) for name, tensor in tensors.items())
        for weight, tensors in weights.items()
    }
    assert 0 < moved[0.1] < moved[10.0]


def test_three_planes_start_as_luma_with_the_chroma_of_visible_and_then_learn_colours(tmp_path, pairs):
    save_network(tmp_path / "luma.safetensors", ISFuse(channels=4), {"channels": 4}, {})
    start = str(tmp_path / "luma.safetensors")
    untrained = trainer(pairs, BrightnessCritic(), {"channels": 4, "planes": 3}, start, learning_rate=1e-12, epochs=1)
    unchanged = ISFuseFuser(untrained.run(tmp_path / "untrained"), "cpu")
    infrared, visible = pairs[0].read()
    trained = trainer(pairs, BrightnessCritic(), {"channels": 4, "planes": 3}, start, learning_rate=3e-2)
    fuser = ISFuseFuser(trained.run(tmp_path / "trained"), "cpu")
    assert unchanged.sees_colour
    assert fuser.sees_colour
    same, changed = (fuse_pair(one, infrared, visible) for one in (unchanged, fuser))
    networks = (one._network(infrared[None], visible.mean(0)[None, None]) for one in (unchanged, fuser))
    least, most = (fusion.chroma.abs().max() for fusion in networks)
    assert least < 1e-6
    assert most > 1e-3
    assert same.shape == changed.shape == visible.shape
    assert not torch.allclose(changed, same, atol=1e-2)
    with pytest.raises(InputError, match=r"network\.planes=3: cannot be exported"):
        fuser.inference_form()


def test_a_critic_needs_one_intervention_per_sample(pairs):
    with pytest.raises(InputError, match="divided=False: not with a critic"):
        trainer(pairs, BrightnessCritic(), objective=Objective(divided=False))
