"""Two processes train as one: the same weights except for rounding, the same log, resumable from either's files."""

import csv
import itertools
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from fusion.interventions import Masks
from fusion.networks.isfuse import ISFuse
from fusion.seeds import generator_for
from fusion.storage.tensor_files import load_tensors
from fusion.training.batches import Batch, draw_masks
from fusion.training.objective import Objective, batch_terms
from fusion.training.parallel import Processes
from fusion.training.settings import LossWeights, Schedule
from fusion.training.sync_batchnorm import SyncBatchNorm, convert_sync_batchnorm, synced_statistics
from fusion.training.trainer import Trainer

# 1 pair held out; batches of 5 and of 2, so that shards are uneven, and the last batch is too small to be sharded
COUNT = 8
SETTINGS = {"epochs": 2, "batch_size": 5, "crop": 32, "learning_rate": 1e-3, "validation": 0.1}
TRAIN = """
import json, sys
from pathlib import Path
from fusion.images.pairs import match_pairs
from fusion.training.settings import Schedule
from fusion.training.trainer import Trainer
folder, out_dir, schedule = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
pairs = match_pairs(folder / "ir", folder / "vi")
trainer = Trainer(pairs, {"channels": 4}, schedule=Schedule(**schedule), device="cpu")
trainer.run(out_dir, lambda: print("epoch", flush=True))
"""
STEP = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import torch
from tests.fusion.training.test_parallel import CASES, step
from fusion.training.parallel import process_group
from fusion.storage.tensor_files import save_tensors
with process_group(torch.device("cpu")) as processes:
    for case in CASES:
        tensors = step(processes, *case)
        if processes.is_main:
            save_tensors(Path(sys.argv[2]) / f"{case}.safetensors", tensors, {})
"""
CASES = [
    (samples, divided, batchnorm)
    for samples in (3, 5)
    for divided in (True, False)
    for batchnorm in ("standard", "all")
]


def step(processes, samples, divided, batchnorm):
    """Return the gradients, terms and running statistics of one step of the processes, in float64."""
    generator = generator_for(0, "step")
    torch.manual_seed(0)
    network = ISFuse(channels=4)
    if processes.count > 1:
        convert_sync_batchnorm(network)
    network = network.double().train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # see network_of in test_objective.py
            module.bias.data = torch.randn(module.bias.shape, generator=generator).double() * 0.3
    images = torch.rand(samples, 2, 32, 32, generator=generator).double()
    shard = processes.shard(samples)
    masks = [Masks(*(mask[shard] for mask in kind)) for kind in draw_masks(samples, 32, generator)]
    batch = Batch(images[shard], tuple(masks), tuple(shard))
    objective = Objective(LossWeights(invariance=0.6, necessity=0.4), divided=divided, batchnorm=batchnorm)
    with synced_statistics(network, processes.is_sharded(samples)):
        terms = batch_terms(objective, network, batch, "float32")
    (terms["total"] * processes.weight(samples)).backward()
    terms = processes.all_reduce(network, terms, processes.weight(samples))
    gradients = {f"{name}.gradient": parameter.grad for name, parameter in network.named_parameters()}
    return {**network.state_dict(), **gradients, **terms}


def torchrun(folder, code, *arguments):
    script = folder / "script.py"
    script.write_text(code)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    return [sys.executable, *launch, *map(str, arguments)]


def train_in_two(folder, out_dir, environment, **changes):
    command = torchrun(folder, TRAIN, folder, out_dir, json.dumps({**SETTINGS, **changes}))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def trainer(pairs, **changes):
    return Trainer(pairs, {"channels": 4}, schedule=Schedule(**{**SETTINGS, **changes}), device="cpu")


def rows(out_dir):
    with (out_dir / "log.csv").open() as log:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(log)]


@pytest.fixture
def pairs(make_pairs):
    return make_pairs(COUNT, 34, 38)


def test_a_step_in_two_processes_has_the_gradients_of_one(tmp_path, subprocess_environment):
    command = torchrun(tmp_path, STEP, Path(__file__).parents[3], tmp_path)
    subprocess.run(command, env=subprocess_environment, timeout=300, check=True)
    for case in CASES:
        shared, _ = load_tensors(tmp_path / f"{case}.safetensors")
        alone = step(Processes(torch.device("cpu")), *case)
        assert shared.keys() == alone.keys()
        for name, tensor in alone.items():
            difference = (shared[name] - tensor.detach()).abs().max()
            assert difference < 1e-6, (name, case)


def test_two_processes_train_as_one_and_only_the_main_one_reports(tmp_path, pairs, subprocess_environment):
    assert train_in_two(tmp_path, tmp_path / "two", subprocess_environment) == ["epoch", "epoch"]
    trainer(pairs).run(tmp_path / "one")
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == [
        "best.safetensors",
        "last.safetensors",
        "log.csv",
    ]
    for ours, theirs in zip(rows(tmp_path / "two"), rows(tmp_path / "one"), strict=True):
        assert ours.keys() == theirs.keys()
        assert ours["fusion"] == pytest.approx(theirs["fusion"], rel=1e-3)
        assert ours["validation_total"] == pytest.approx(theirs["validation_total"], rel=1e-2)


def test_a_training_is_resumed_by_another_number_of_processes(tmp_path, pairs, subprocess_environment):
    out_dir = tmp_path / "run"

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer(pairs).run(out_dir, stop)
    assert train_in_two(tmp_path, out_dir, subprocess_environment) == ["epoch"]
    trainer(pairs).run(tmp_path / "whole")
    assert [row["step"] for row in rows(out_dir)] == [2, 4]
    assert rows(out_dir)[0] == rows(tmp_path / "whole")[0]
    assert rows(out_dir)[1]["fusion"] == pytest.approx(rows(tmp_path / "whole")[1]["fusion"], rel=1e-3)


def test_if_one_process_ends_all_end(tmp_path, pairs, subprocess_environment):
    command = torchrun(
        tmp_path, TRAIN, tmp_path, tmp_path / "run", json.dumps({**SETTINGS, "epochs": 100_000, "checkpoint_s": 0})
    )
    launcher = subprocess.Popen(command, env=subprocess_environment, stdout=-3, stderr=-3)
    while not (tmp_path / "run" / "last.safetensors").exists() and launcher.poll() is None:
        time.sleep(0.05)
    listed = subprocess.run(["pgrep", "-P", str(launcher.pid)], capture_output=True, text=True, check=True)
    workers = [int(pid) for pid in listed.stdout.split()]
    assert len(workers) == 2
    subprocess.run(["kill", "-KILL", str(workers[1])], check=True)
    assert launcher.wait(timeout=60) not in (0, -signal.SIGKILL)
    assert subprocess.run(["ps", "-p", str(workers[0])], capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("samples", [1, 2, 3, 5, 8, 11, 16, 23])
def test_shards_add_up_to_the_batch(samples, count):
    processes = [Processes(torch.device("cpu"), rank, count) for rank in range(count)]
    shards = [each.shard(samples) for each in processes]
    assert sum(each.weight(samples) for each in processes) == pytest.approx(1)
    if samples < 2 * count:
        assert shards == [list(range(samples))] * count
        return
    assert sorted(itertools.chain(*shards)) == list(range(samples))
    assert min(map(len, shards)) >= 2
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_a_single_process_takes_every_sample_at_full_weight():
    process = Processes(torch.device("cpu"))
    assert process.shard(3) == [0, 1, 2]
    assert process.weight(3) == 1
    assert not process.is_sharded(8)


def test_synchronised_layers_keep_their_names_in_checkpoints():
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.BatchNorm2d(3))
    names = list(network.state_dict())
    convert_sync_batchnorm(network)
    assert isinstance(network[1], SyncBatchNorm)
    assert list(network.state_dict()) == names


def test_layers_synchronise_inside_the_block_alone_even_after_an_error():
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.BatchNorm2d(3))
    convert_sync_batchnorm(network)
    with synced_statistics(network, True):
        assert network[1].is_syncing
    with pytest.raises(ZeroDivisionError), synced_statistics(network, True):
        raise ZeroDivisionError
    assert not network[1].is_syncing
