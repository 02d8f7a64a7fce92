import csv
import json
import re
import signal
import subprocess
import sys
import time

import pytest
import torch

from fusion.errors import InputError
from fusion.images.pairs import match_pairs
from fusion.networks.checkpoints import load_network
from fusion.storage.tensor_files import load_tensors
from fusion.training.objective import Objective
from fusion.training.settings import LossWeights, Schedule
from fusion.training.trainer import Trainer
from tests.fusion.stale_sets import write_sets

STEPS_PER_EPOCH = 3
TRAIN = """
import json, sys
from pathlib import Path
from fusion.images.pairs import match_pairs
from fusion.training.settings import Schedule
from fusion.training.trainer import Trainer
folder, out_dir, schedule = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
pairs = match_pairs(folder / "ir", folder / "vi")
Trainer(pairs, {"channels": 4}, schedule=Schedule(**schedule), device="cpu").run(out_dir)
"""


def settings(**changes):
    return {"epochs": 2, "batch_size": 2, "crop": 32, "learning_rate": 1e-3, "validation": 0.2, **changes}


def trainer(pairs, network=None, objective=None, start=None, **changes):
    schedule = Schedule(**settings(**changes))
    return Trainer(pairs, network or {"channels": 4}, objective or Objective(), schedule, "cpu", start=start)


def contents(path):
    tensors, facts = load_tensors(path)
    return {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}, facts


def steps_done(out_dir):
    last = out_dir / "last.safetensors"
    return load_tensors(last)[1]["progress"]["step"] if last.exists() else 0


def rows(out_dir):
    with (out_dir / "log.csv").open() as log:
        return list(csv.DictReader(log))


@pytest.fixture
def pairs(make_pairs):
    return make_pairs(count=7, height=34, width=38)  # 1 held out, 6 for training: 3 steps an epoch


def test_a_run_that_is_killed_and_restarted_ends_with_the_same_weights_bit_by_bit(
    tmp_path, pairs, subprocess_environment
):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    schedule = settings(epochs=5, checkpoint_s=0)
    command = [sys.executable, "-c", TRAIN, str(tmp_path), str(cut), json.dumps(schedule)]
    process = subprocess.Popen(command, env=subprocess_environment, stderr=subprocess.DEVNULL)
    while steps_done(cut) == 0 and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert 0 < steps_done(cut) < 5 * STEPS_PER_EPOCH

    for out_dir in (whole, cut):
        trainer(pairs, **{**schedule, "checkpoint_s": 60.0}).run(out_dir)
    assert (whole / "log.csv").read_bytes() == (cut / "log.csv").read_bytes()
    for name in ("best.safetensors", "last.safetensors"):
        assert contents(whole / name) == contents(cut / name)


def test_a_finished_training_is_not_repeated(tmp_path, pairs):
    best = trainer(pairs).run(tmp_path / "run")
    before = {path: path.stat().st_mtime_ns for path in best.parent.iterdir()}
    assert trainer(pairs).run(tmp_path / "run") == best
    assert {path: path.stat().st_mtime_ns for path in best.parent.iterdir()} == before


def test_equal_seeds_train_equal_weights_and_different_seeds_different_ones(tmp_path, pairs):
    first, again, other = (
        contents(trainer(pairs, seed=seed).run(tmp_path / name)) for name, seed in (("a", 5), ("b", 5), ("c", 6))
    )
    assert first == again
    weights = [name for name in first[0] if name.endswith("0.weight")]
    assert weights
    assert not any(first[0][name] == other[0][name] for name in weights)


def test_the_global_random_state_is_neither_used_nor_changed(tmp_path, pairs):
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = contents(trainer(pairs, epochs=1).run(tmp_path / "a"))
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    assert contents(trainer(pairs, epochs=1).run(tmp_path / "b")) == first


def test_the_log_has_one_row_per_epoch_and_the_best_weights_are_those_of_the_best_row(tmp_path, pairs):
    best = trainer(pairs, learning_rate=0.03, epochs=6).run(tmp_path / "run")
    log = rows(best.parent)
    assert [int(row["epoch"]) for row in log] == [1, 2, 3, 4, 5, 6]
    assert [int(row["step"]) for row in log] == [3, 6, 9, 12, 15, 18]
    names = {"total", "fusion", "invariance", "necessity", "gate"}
    metrics = {"AG", "PSNR", "CC", "SCD", "Qabf"}  # VIF needs larger crops
    assert log[0].keys() == {"epoch", "step", *names, *(f"validation_{name}" for name in names | metrics)}
    validation = [float(row["validation_total"]) for row in log]
    _, facts = load_network(best)
    assert facts["epoch"] == 1 + validation.index(min(validation))
    assert facts["values"]["validation_total"] == min(validation)


@pytest.mark.parametrize("stem", [f"{index:02}" for index in range(7)])
def test_every_pair_is_seen_in_the_first_epoch(tmp_path, pairs, stem):
    pairs[int(stem)].visible.write_bytes(b"no image")
    with pytest.raises(InputError, match=rf"vi/{stem}\.png: not an image"):
        trainer(pairs, epochs=1).run(tmp_path / "run")


def test_training_lowers_the_validation_loss(tmp_path, pairs):
    best = trainer(pairs, epochs=8, learning_rate=0.01).run(tmp_path / "run")
    validation = [float(row["validation_fusion"]) for row in rows(best.parent)]
    assert min(validation[4:]) < 0.9 * validation[0]


def test_the_best_weights_load_with_the_settings_of_their_training(tmp_path, pairs):
    chosen = {"channels": 4, "gate": "pixel", "shared_encoder": False}
    made = trainer(pairs, chosen, Objective(ablation="no_necessity"), epochs=1)
    network, facts = load_network(made.run(tmp_path / "run"))
    assert facts["network"] == chosen
    assert facts["objective"]["ablation"] == "no_necessity"
    assert facts["schedule"]["crop"] == 32
    assert sorted([*facts["training_pairs"], *facts["validation_pairs"]]) == [pair.stem for pair in pairs]
    assert len(facts["validation_pairs"]) == 1
    assert network.encoder_visible is not None


def test_without_integrator_the_network_has_no_gate(tmp_path, pairs):
    network, facts = load_network(
        trainer(pairs, objective=Objective(ablation="no_integrator"), epochs=1).run(tmp_path / "run")
    )
    assert facts["network"] == {"channels": 4, "gate": "none"}
    assert all(integrator.gate is None for integrator in network.integrators)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"network": {"channels": 8}}, "network"),
        ({"objective": Objective(LossWeights(entropy_sign=1.0))}, "objective"),
        ({"learning_rate": 0.5}, "schedule"),
        ({"seed": 9}, "schedule"),
    ],
)
def test_resuming_with_other_settings_is_refused_and_changes_nothing(tmp_path, pairs, changes, named):
    last = trainer(pairs, epochs=1).run(tmp_path / "run").with_name("last.safetensors")
    before = last.read_bytes()
    with pytest.raises(
        InputError, match=rf"^{re.escape(str(last))}: belongs to a training with other settings \(different: {named}"
    ):
        trainer(pairs, **{"epochs": 1, **changes}).run(tmp_path / "run")
    assert last.read_bytes() == before


def test_resuming_with_other_pairs_is_refused(tmp_path, pairs):
    last = trainer(pairs, epochs=1).run(tmp_path / "run").with_name("last.safetensors")
    message = f"{last}: belongs to a training on other images. Try: another output folder"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        trainer(pairs[:-1], epochs=1).run(tmp_path / "run")


def test_the_weights_of_another_data_set_with_equal_stems_never_pass_for_its_own(tmp_path):
    first, second = write_sets(tmp_path)
    best = trainer(first, epochs=1).run(tmp_path / "run")
    before = best.read_bytes()
    with pytest.raises(InputError, match=r"last\.safetensors: belongs to a training on other images\."):
        trainer(second, epochs=1).run(tmp_path / "run")
    (tmp_path / "setA").rename(tmp_path / "moved")
    moved = match_pairs(tmp_path / "moved" / "ir", tmp_path / "moved" / "vi")
    assert trainer(moved, epochs=1).run(tmp_path / "run").read_bytes() == before


def test_a_broken_checkpoint_is_reported(tmp_path, pairs):
    last = trainer(pairs, epochs=1).run(tmp_path / "run").with_name("last.safetensors")
    last.write_bytes(last.read_bytes()[:1000])
    with pytest.raises(InputError, match=rf"^{re.escape(str(last))}: cannot be read as a safetensors checkpoint"):
        trainer(pairs, epochs=1).run(tmp_path / "run")


def test_the_state_of_a_training_cannot_be_loaded_as_a_network(tmp_path, pairs):
    last = trainer(pairs, epochs=1).run(tmp_path / "run").with_name("last.safetensors")
    with pytest.raises(InputError, match=r"last\.safetensors: .*found architecture None, expected 'isfuse'"):
        load_network(last)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_pairs_are_refused(pairs, count):
    with pytest.raises(InputError, match=f"found {count}, expected at least 2"):
        trainer(pairs[:count])


@pytest.mark.parametrize(("count", "validation"), [(2, 0.9), (2, 0.01), (7, 0.99)])
def test_at_least_one_pair_trains_and_one_validates(pairs, count, validation):
    facts = trainer(pairs[:count], validation=validation).facts()
    assert len(facts["training_pairs"]) >= 1
    assert len(facts["validation_pairs"]) >= 1
    assert len(facts["training_pairs"]) + len(facts["validation_pairs"]) == count


@pytest.mark.parametrize("changes", [{"checkpoint_s": 0}, {"batch_size": 6}], ids=["in an epoch", "at its end"])
def test_a_diverged_training_stops_and_keeps_finite_weights(tmp_path, pairs, changes):
    with pytest.raises(FloatingPointError, match=r"training diverged at step \d+"):
        trainer(pairs, learning_rate=float("inf"), **changes).run(tmp_path / "run")
    for path in (tmp_path / "run").glob("*.safetensors"):
        assert all(torch.isfinite(tensor).all() for tensor in load_tensors(path)[0].values()), path.name


def test_bfloat16_trains_to_nearly_the_same_loss(tmp_path, pairs):
    losses = []
    for precision in ("float32", "bfloat16"):
        best = trainer(pairs, epochs=1, precision=precision).run(tmp_path / precision)
        losses.append(float(rows(best.parent)[0]["total"]))
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"gate": "pixle"}, "unknown gate 'pixle'.*'pixel'"),
        ({"channels": 1}, "network.channels=1: "),
        ({"shrink": 0}, "network.shrink=0: "),
    ],
)
def test_invalid_network_settings_are_refused(pairs, network, message):
    with pytest.raises(InputError, match=message):
        trainer(pairs, network)


@pytest.mark.parametrize(("native", "chosen"), [(True, "bfloat16"), (False, "float32")])
def test_precision_auto_is_bfloat16_where_the_processor_supports_it(monkeypatch, pairs, native, chosen):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    assert trainer(pairs, precision="auto").facts()["schedule"]["precision"] == chosen


def test_a_folder_that_cannot_be_written_is_reported_before_any_image_is_read(tmp_path, pairs):
    (tmp_path / "file").touch()
    for pair in pairs:
        pair.infrared.write_bytes(b"no image")
    with pytest.raises(InputError, match=r"file/run/last.safetensors: cannot be written \(Not a directory\)"):
        trainer(pairs).run(tmp_path / "file" / "run")


def test_a_training_starts_from_given_weights_and_is_not_mixed_up_with_one_from_random_weights(tmp_path, pairs):
    first = trainer(pairs, epochs=1).run(tmp_path / "first")
    still = trainer(pairs, epochs=1, learning_rate=1e-12, start=str(first))
    begun = load_network(still.run(tmp_path / "second"))[0]
    for name, tensor in load_network(first)[0].named_parameters():
        torch.testing.assert_close(begun.get_parameter(name), tensor, rtol=0, atol=1e-9)
    with pytest.raises(InputError, match="different: start"):
        trainer(pairs, epochs=1, learning_rate=1e-12).run(tmp_path / "second")


def test_fixed_statistics_are_those_of_the_start_weights_while_other_tensors_are_trained(tmp_path, pairs):
    first = trainer(pairs).run(tmp_path / "first")
    further = trainer(pairs, objective=Objective(batchnorm="fixed"), start=str(first))
    before, after = (load_tensors(path)[0] for path in (first, further.run(tmp_path / "further")))
    for name in before:
        learns_nothing = "key" in name and name.endswith("bias")  # it shifts all attention logits equally
        if not learns_nothing:
            assert torch.equal(before[name], after[name]) == ("running" in name or "tracked" in name), name


def test_fixed_statistics_of_random_weights_are_refused(pairs):
    with pytest.raises(InputError, match=r"batchnorm='fixed': needs start weights"):
        trainer(pairs, objective=Objective(batchnorm="fixed"))


def test_start_weights_of_another_network_and_missing_ones_are_reported(tmp_path, pairs):
    wrong = trainer(pairs, epochs=1)
    wrong.start = "isfuse"
    with pytest.raises(InputError, match=r"isfuse\.safetensors: does not fit this network"):
        wrong.run(tmp_path / "run")
    wrong.start = str(tmp_path / "none.safetensors")
    with pytest.raises(InputError, match=r"none\.safetensors: no such file"):
        wrong.run(tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"crop": 15},
        {"validation": 0},
        {"validation": 1},
        {"interventions_from": 2},
        {"learning_rate": 0},
    ],
)
def test_a_schedule_out_of_range_is_refused_with_the_value(changes):
    (name, value), *_ = changes.items()
    with pytest.raises(InputError, match=rf"schedule\.{name}={value!r}: out of range \(expected "):
        Schedule(**changes)


def test_an_unknown_precision_or_decay_gets_a_suggestion():
    with pytest.raises(InputError, match=r"unknown precision 'float8'\. Did you mean 'float32'"):
        Schedule(precision="float8")
    with pytest.raises(InputError, match=r"unknown decay 'cosin'\. Did you mean 'cosine'"):
        Schedule(decay="cosin")


def test_the_learning_rate_warms_up_and_decays_to_zero():
    schedule = Schedule(learning_rate=1.0, decay="cosine")
    rates = [schedule.rate(progress / 100) for progress in range(101)]
    assert rates[0] < 0.1 < 0.9 < max(rates)
    assert rates[50] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0)
    assert Schedule(learning_rate=1.0).rate(0.9) == 1.0


def test_interventions_start_after_their_fraction_of_the_epochs(tmp_path, pairs):
    log = rows(trainer(pairs, epochs=4, interventions_from=0.5).run(tmp_path / "run").parent)
    assert [float(row["necessity"]) > 0 for row in log] == [False, False, True, True]
