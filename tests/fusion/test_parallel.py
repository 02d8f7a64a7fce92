"""Two processes train as one: the same weights but for rounding, the same log, from each other's files."""

import csv
import json
import signal
import subprocess
import sys
import time

import pytest
import torch

from fusion.objective import Objective
from fusion.parallel import Processes
from fusion.schedule import Schedule
from fusion.tensor_files import load_tensors
from fusion.train import Trainer
from fusion.whole_batch import WholeBatchNorm, normalise_by_whole_batch

# 1 pair held out; batches of 5 and of 2, so that shares are uneven, and the last batch is too small to be shared
COUNT, SETTINGS = 8, {"epochs": 2, "batch_size": 5, "crop": 32, "learning_rate": 1e-3, "validation": 0.1}
TOLERANCE = 1e-4
TRAIN = """
import json, sys
from pathlib import Path
from fusion.objective import Objective
from fusion.pairs import match_pairs
from fusion.schedule import Schedule
from fusion.train import Trainer
folder, out_dir, schedule, batchnorm = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4]
pairs = match_pairs(folder / "ir", folder / "vi")
objective = Objective(batchnorm=batchnorm)
Trainer(pairs, {"channels": 4}, objective, Schedule(**schedule), "cpu").run(out_dir, lambda: print("epoch", flush=True))
"""


def torchrun(folder, out_dir, processes=2, batchnorm="standard", **changes):
    script = folder / "train.py"
    script.write_text(TRAIN)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), str(script)]
    return [sys.executable, *launch, str(folder), str(out_dir), json.dumps({**SETTINGS, **changes}), batchnorm]


def alone(pairs, out_dir, batchnorm="standard", **changes):
    schedule = Schedule(**{**SETTINGS, **changes})
    Trainer(pairs, {"channels": 4}, Objective(batchnorm=batchnorm), schedule, "cpu").run(out_dir)


def rows(out_dir):
    with (out_dir / "log.csv").open() as log:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(log)]


def assert_alike(first, second):
    for name in ("best.safetensors", "last.safetensors"):
        (ours, _), (theirs, _) = load_tensors(first / name), load_tensors(second / name)
        assert ours.keys() == theirs.keys()
        for key, tensor in ours.items():
            torch.testing.assert_close(tensor, theirs[key], rtol=TOLERANCE, atol=TOLERANCE, msg=f"{name}: {key}")
    assert len(rows(first)) == len(rows(second))
    for ours, theirs in zip(rows(first), rows(second), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3, abs=TOLERANCE)


@pytest.fixture
def pairs(make_pairs):
    return make_pairs(COUNT, 34, 38)


@pytest.mark.parametrize("batchnorm", ["standard", "all"])
def test_two_processes_train_as_one_and_the_first_alone_reports(tmp_path, pairs, subprocess_environment, batchnorm):
    command = torchrun(tmp_path, tmp_path / "two", batchnorm=batchnorm)
    done = subprocess.run(command, env=subprocess_environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["epoch", "epoch"]
    alone(pairs, tmp_path / "one", batchnorm)
    assert_alike(tmp_path / "two", tmp_path / "one")


def test_another_number_of_processes_goes_on(tmp_path, pairs, subprocess_environment):
    out_dir = tmp_path / "run"

    class Stopped(Exception):
        pass

    def stop():
        raise Stopped

    trainer = Trainer(pairs, {"channels": 4}, Objective(), Schedule(**SETTINGS), "cpu")
    with pytest.raises(Stopped):
        trainer.run(out_dir, stop)
    assert load_tensors(out_dir / "last.safetensors")[1]["progress"]["step"] == 2
    done = subprocess.run(
        torchrun(tmp_path, out_dir), env=subprocess_environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["epoch"]
    alone(pairs, tmp_path / "whole")
    assert_alike(out_dir, tmp_path / "whole")


def test_the_end_of_one_process_is_the_end_of_all(tmp_path, pairs, subprocess_environment):
    command = torchrun(tmp_path, tmp_path / "run", epochs=100_000, checkpoint_s=0)
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
def test_shares_make_up_the_batch_with_each_half_in_its_place(samples, count):
    processes = [Processes(torch.device("cpu"), rank, count) for rank in range(count)]
    shares = [each.share(samples) for each in processes]
    assert sum(each.weight(samples) for each in processes) == pytest.approx(1)
    if samples < 2 * count:
        assert shares == [list(range(samples))] * count
        return
    assert sorted(sum(shares, [])) == list(range(samples))
    for share in shares:
        first = [sample for sample in share if sample < (samples + 1) // 2]
        assert share[: (len(share) + 1) // 2] == first
        assert len(share) >= 2


def test_a_process_alone_takes_every_sample_at_full_weight():
    process = Processes(torch.device("cpu"))
    assert process.share(3) == [0, 1, 2]
    assert process.weight(3) == 1
    assert not process.divide(8)


def test_the_layers_of_several_processes_keep_the_names_in_checkpoints():
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.BatchNorm2d(3))
    names = list(network.state_dict())
    normalise_by_whole_batch(network)
    assert isinstance(network[1], WholeBatchNorm)
    assert list(network.state_dict()) == names
