import multiprocessing
import os
import signal
import threading
import time
from dataclasses import asdict
from importlib.util import find_spec

import pytest
import torch

from downstream.conditions import load_conditions
from downstream.detection.outputs import detector_weights, training_losses
from downstream.detection.settings import DetectorSettings
from fusion.devices import has_bfloat16
from fusion.errors import InputError
from fusion.storage.tensor_files import save_tensors
from tests.downstream.detection.tiny_trainings import CARRIED_OVER, SMALL, epochs_done, weights_of, write_data

HAS_BFLOAT16 = has_bfloat16(torch.device("cpu"))


@pytest.fixture
def cpu_autocast():
    """Restore the type that autocast has on a CPU."""
    before = torch.get_autocast_dtype("cpu")
    yield
    torch.set_autocast_dtype("cpu", before)


def train_in(precision, yolo, folder, killed_after=None):
    """Train for three epochs on the CPU, in a precision that the settings may refuse there."""
    from downstream.detection.arguments import yolo_arguments

    def kill(trainer):
        if trainer.epoch == killed_after:
            raise KeyboardInterrupt

    settings = DetectorSettings(epochs=3, **SMALL)
    run = {"data": str(folder / "data.yaml"), "seed": 1, "device": "cpu", "save_dir": str(folder / "out" / "run")}
    facts = {**asdict(settings), "precision": precision}
    state = folder / "out" / "state.safetensors"
    trainer = yolo.ResumableTrainer({**yolo_arguments(settings), **run}, None, precision, False, state, facts)
    trainer.add_callback("on_fit_epoch_end", kill)
    trainer.train()
    return weights_of(folder / "out"), trainer.scaler.state_dict()


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_a_killed_training_in_half_precision_resumes_with_its_gradient_scale(yolo, tmp_path, cpu_autocast, precision):
    for name in ("whole", "killed", "float32"):
        write_data(tmp_path / name)
    whole = train_in(precision, yolo, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train_in(precision, yolo, tmp_path / "killed", killed_after=1)
    resumed = train_in(precision, yolo, tmp_path / "killed")
    assert all(torch.equal(whole[0][name], resumed[0][name]) for name in whole[0])
    assert whole[1] == resumed[1]
    assert torch.get_autocast_dtype("cpu") == getattr(torch, precision)
    assert bool(whole[1]) == (precision == "float16")
    other = train_in("float32", yolo, tmp_path / "float32")[0]
    assert not all(torch.equal(whole[0][name], other[name]) for name in other)


@pytest.mark.parametrize("precision", [*([] if HAS_BFLOAT16 else ["bfloat16"]), "float16"])
def test_a_precision_that_a_cpu_lacks_is_refused_before_the_training(yolo, data, tmp_path, precision):
    settings = DetectorSettings(precision=precision, **SMALL)
    expected = "bfloat16 or float32" if HAS_BFLOAT16 else "float32"
    with pytest.raises(
        InputError, match=rf"^detector\.precision={precision}: not available on cpu \(expected {expected}\)"
    ):
        yolo.train_detector(tmp_path / "out", data, settings, 1, "cpu")
    assert not (tmp_path / "out").exists()


def test_a_training_tells_its_precision(trained):
    assert load_conditions(trained[0]) == {"precision": "bfloat16 autocast" if HAS_BFLOAT16 else "float32"}


def test_installing_albumentations_changes_no_weights(yolo, data, tmp_path, monkeypatch):
    """A transform that ultralytics finds, as in an installed package, is not applied, not even once mosaics end."""
    from ultralytics.data.augment import Albumentations

    def find(self, p=1.0, transforms=None, flip_idx=None):
        self.p, self.contains_spatial, self.transform = p, False, lambda image: {"image": 0 * image}

    def train(folder):
        yolo.train_detector(folder, data, DetectorSettings(epochs=2, extra={"close_mosaic": 1}, **SMALL), 1, "cpu")
        return weights_of(folder)

    without = train(tmp_path / "without")
    monkeypatch.setattr(Albumentations, "__init__", find)
    found = train(tmp_path / "found")
    assert all(torch.equal(without[name], found[name]) for name in without)


@pytest.mark.skipif(find_spec("albumentations") is None, reason="albumentations is not installed")
def test_albumentations_change_the_weights_only_if_asked_for_and_tell_their_version(yolo, data, tmp_path):
    import albumentations

    for name, wanted in (("without", False), ("with", True)):
        settings = DetectorSettings(epochs=2, albumentations=wanted, **SMALL)
        yolo.train_detector(tmp_path / name, data, settings, 1, "cpu")
    left, right = weights_of(tmp_path / "without"), weights_of(tmp_path / "with")
    assert not all(torch.equal(left[name], right[name]) for name in left)
    assert load_conditions(tmp_path / "with") == {"precision": "float32", "albumentations": albumentations.__version__}
    assert load_conditions(tmp_path / "without") == {"precision": "float32"}


@pytest.mark.skipif(find_spec("albumentations") is None, reason="albumentations is not installed")
def test_albumentations_that_ultralytics_cannot_use_are_refused(yolo, data, tmp_path, monkeypatch):
    monkeypatch.setattr("albumentations.__version__", "1.0.0")
    with pytest.raises(InputError, match=r"ultralytics cannot use the installed albumentations\. Try: pip install "):
        yolo.train_detector(tmp_path, data, DetectorSettings(epochs=1, albumentations=True, **SMALL), 1, "cpu")


def test_the_type_of_autocast_is_restored(yolo):
    before = torch.get_autocast_dtype("cuda")
    with yolo._undo_process_changes():
        torch.set_autocast_dtype("cuda", torch.bfloat16)
    assert torch.get_autocast_dtype("cuda") == before != torch.bfloat16


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "elsewhere"), [(0, False), (2, True)])
def test_a_killed_run_ends_with_the_same_weights(yolo, tmp_path, monkeypatch, capsys, workers, elsewhere):
    """Mosaics, incomplete steps, momentum and averaged weights are all that one epoch carries over to the next."""
    from ultralytics.utils.torch_utils import ModelEMA

    monkeypatch.setattr(ModelEMA.__init__, "__defaults__", (0.9999, 2, 0))  # average over steps, not over thousands
    settings = DetectorSettings(**{**SMALL, "epochs": 4, "workers": workers, "extra": CARRIED_OVER})
    whole, killed = (write_data(tmp_path / name, 8).parent for name in ("whole", "killed"))
    yolo.train_detector(whole / "out", whole / "data.yaml", settings, 1, "cpu")
    assert "starts from random weights" in capsys.readouterr().out
    child = multiprocessing.get_context("fork").Process(target=train_until_killed, args=(yolo, killed, settings))
    child.start()
    child.join(240)
    assert child.exitcode == -signal.SIGKILL
    assert not detector_weights(killed / "out").exists()
    if elsewhere:
        monkeypatch.chdir(tmp_path)
    yolo.train_detector(killed / "out", killed / "data.yaml", settings, 1, "cpu")
    assert "starts from" not in capsys.readouterr().out
    assert epochs_done(killed / "out") == [1, 2, 3, 4]
    assert not (killed / "out" / "state.safetensors").exists()
    left, right = weights_of(whole / "out"), weights_of(killed / "out")
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in left)
    assert training_losses(whole / "out") == training_losses(killed / "out")


def train_until_killed(yolo, folder, settings):
    """Train, and kill the own process as soon as the first epoch is saved."""

    def kill():
        while not (folder / "out" / "state.safetensors").exists():
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()
    yolo.train_detector(folder / "out", folder / "data.yaml", settings, 1, "cpu")


def test_a_run_with_other_settings_is_not_resumed(yolo, data, tmp_path):
    settings = DetectorSettings(epochs=2, **SMALL)
    save_tensors(tmp_path / "state.safetensors", {}, {"run": {**asdict(settings), "precision": "float16", "seed": 2}})
    with pytest.raises(
        InputError, match=r"state\.safetensors: belongs to a training with other precision, seed\. Try: "
    ):
        yolo.train_detector(tmp_path, data, settings, 1, "cpu")
