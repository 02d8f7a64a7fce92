import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from downstream.conditions import load_conditions
from downstream.detection.environment import isolate_ultralytics
from downstream.detection.extra import HONOURED
from downstream.detection.outputs import detector_weights, training_losses
from downstream.detection.settings import OPTIMIZERS, DetectorSettings
from fusion.errors import InputError
from fusion.storage.tensor_files import save_tensors

CLASSES = ("Car", "People")
TINY = Path(__file__).parents[2] / "tiny_yolo.yaml"
SMALL = {"model": str(TINY), "image_size": 64, "batch_size": 2, "workers": 0}
CARRIED_OVER = {"nbs": 6, "close_mosaic": 2}  # with 8 images: steps of three batches in an epoch of four, and mosaics
EXTRA = {
    **{"lrf": 0.5, "momentum": 0.5, "weight_decay": 0.1, "warmup_epochs": 0.0, "warmup_momentum": 0.1, "nbs": 2},
    **{"warmup_bias_lr": 0.5, "cos_lr": True, "box": 1.0, "cls": 2.0, "dfl": 5.0, "freeze": 3, "fraction": 0.5},
    **{"rect": True, "multi_scale": 0.5, "hsv_h": 0.9, "hsv_s": 0.1, "hsv_v": 0.9, "degrees": 45.0, "translate": 0.9},
    **{"scale": 0.9, "shear": 20.0, "perspective": 0.001, "flipud": 1.0, "fliplr": 1.0, "bgr": 1.0, "mosaic": 0.0},
    **{"close_mosaic": 3, "mixup": 1.0, "cutmix": 1.0},
}  # a value for each argument that differs from its default

TRAIN = """
import json, sys
from pathlib import Path
from downstream.conditions import load_conditions
from downstream.detection.environment import isolate_ultralytics
folder, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
isolate_ultralytics(folder / "ultralytics")
from downstream.detection.outputs import detector_weights
from downstream.detection.settings import DetectorSettings
from downstream.detection.yolo import predict, train_detector
detector = DetectorSettings(**settings)
train_detector(folder / "out", folder / "data.yaml", detector, 1, "cpu")
predict(detector_weights(folder / "out"), sorted((folder / "images").rglob("*.png"))[:1], detector, "cpu")
"""

WATCH = """
import os, socket
def watched(kind):
    def call(*arguments, **others):
        with open(os.environ["NETWORK_MARKER"], "a") as marker:
            marker.write(f"{kind} {arguments[-1]!r}\\n")
        raise OSError("no network in this test")
    return call
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, watched(name))
socket.getaddrinfo = watched("getaddrinfo")
"""


@pytest.fixture(scope="module")
def yolo(tmp_path_factory):
    isolate_ultralytics(tmp_path_factory.mktemp("ultralytics"))
    from downstream.detection import yolo

    return yolo


def write_data(folder, training=4):
    rng = np.random.default_rng(0)
    for split, count in (("train", training), ("test", 2)):
        for number in range(count):
            pixels = rng.integers(0, 90, (48, 64, 3), np.uint8)
            pixels[10:30, 20:45] = 220
            image, label = (folder / kind / split / f"{split}{number}" for kind in ("images", "labels"))
            for path in (image, label):
                path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(f"{image}.png", pixels)
            Path(f"{label}.txt").write_text(f"{number % 2} 0.5078125 0.4166667 0.390625 0.4166667\n")
    text = "train: images/train\nval: images/test\ntest: images/test\nnames:\n  0: Car\n  1: People\n"
    (folder / "data.yaml").write_text(text)
    return folder / "data.yaml"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def trained(yolo, data, tmp_path_factory):
    """Train for two epochs; return the folder, the predictions, and the number of threads before and after."""
    out, threads = tmp_path_factory.mktemp("trained"), torch.get_num_threads()
    yolo.train_detector(out, data, DetectorSettings(epochs=2, **SMALL), 1, "cpu")
    found = predictions(yolo, out, data)
    return out, found, (threads, torch.get_num_threads())


def predictions(yolo, out, data):
    images = sorted((data.parent / "images").rglob("*.png"))
    return yolo.predict(detector_weights(out), images, DetectorSettings(**SMALL), "cpu")


def epochs_done(out):
    return [int(line.split(",")[0]) for line in (out / "run" / "results.csv").read_text().splitlines()[1:]]


def test_training_leaves_the_weights_of_the_last_epoch_inside_its_folder(trained):
    out = trained[0]
    assert detector_weights(out).is_file()
    assert out in detector_weights(out).parents
    assert epochs_done(out) == [1, 2]
    losses = training_losses(out)
    assert list(losses) == [1, 2]
    assert all(loss > 0 for loss in losses.values())


def test_predictions_lie_inside_their_image_and_have_names_of_classes(trained):
    found = trained[1]
    assert found
    for one in found:
        x1, y1, x2, y2 = one.box.xyxy
        assert 0 <= x1 <= x2 <= 64
        assert 0 <= y1 <= y2 <= 48
        assert one.box.class_name in CLASSES
        assert 0.001 <= one.score <= 1
    stems = {one.stem for one in found}
    assert stems <= {f"train{n}" for n in range(4)} | {f"test{n}" for n in range(2)}


@pytest.fixture(scope="module")
def square(tmp_path_factory):
    """Five test images of the size that the network sees, so that nothing resizes or pads them."""
    folder = tmp_path_factory.mktemp("square")
    rng = np.random.default_rng(1)
    for number in range(5):
        pixels = rng.integers(0, 90, (64, 64, 3), np.uint8)
        pixels[10:30, 5 * number : 5 * number + 25] = 220
        (folder / "images" / "test").mkdir(parents=True, exist_ok=True)
        (folder / "labels" / "test").mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(folder / "images" / "test" / f"s{number}.png"), pixels)
        (folder / "labels" / "test" / f"s{number}.txt").write_text(f"{number % 2} 0.3 0.3 0.4 0.3\n")
    text = "train: images/test\nval: images/test\ntest: images/test\nnames:\n  0: Car\n  1: People\n"
    (folder / "data.yaml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def confident(yolo, trained, tmp_path_factory):
    """The trained network with a higher confidence everywhere, so that it predicts many boxes of both classes."""
    model = yolo.YOLO(str(detector_weights(trained[0])))
    with torch.no_grad():
        for branch in model.model.model[-1].cv3:
            branch[-1].bias += 5
    path = tmp_path_factory.mktemp("confident") / "weights.pt"
    model.save(str(path))
    return path


def test_boxes_are_those_of_the_validator_of_ultralytics(yolo, confident, square, tmp_path):
    images = sorted((square / "images" / "test").iterdir())
    found = yolo.predict(confident, images, DetectorSettings(**SMALL), "cpu")
    protocol = {"conf": yolo.CONFIDENCE, "iou": yolo.NMS_IOU, "max_det": yolo.MOST_BOXES}
    where = {"project": str(tmp_path), "name": "val", "save_json": True, "plots": False}
    yolo.YOLO(str(confident)).val(
        data=str(square / "data.yaml"), imgsz=64, batch=2, rect=False, device="cpu", workers=0, **protocol, **where
    )
    validated = json.loads((tmp_path / "val" / "predictions.json").read_text())
    expected = [(Path(one["file_name"]).stem, one["category_id"] - 1, one["score"], *one["bbox"]) for one in validated]
    ours = [(one.stem, CLASSES.index(one.box.class_name), one.score, *coco_box(one.box.xyxy)) for one in found]
    assert len(ours) == len(expected) > 100
    for stem in ("s0", "s4"):
        for number in (0, 1):
            mine, theirs = (
                np.array(sorted(one[2:] for one in boxes if one[:2] == (stem, number))) for boxes in (ours, expected)
            )
            assert mine.shape == theirs.shape
            assert np.abs(mine[:, 0] - theirs[:, 0]).max() < 1e-4
            assert np.median(np.abs(mine[:, 1:] - theirs[:, 1:])) < 2e-3  # equal scores may change places


def test_a_box_keeps_every_class_that_is_likely_enough(yolo, confident, square):
    images = sorted((square / "images" / "test").iterdir())
    classes_of = {}
    for one in yolo.predict(confident, images, DetectorSettings(**SMALL), "cpu"):
        classes_of.setdefault((one.stem, one.box.xyxy), set()).add(one.box.class_name)
    assert set(CLASSES) in classes_of.values()


def test_a_batch_gives_the_boxes_of_its_images_one_by_one(yolo, confident, square, data):
    images = [*sorted((square / "images" / "test").iterdir()), *sorted((data.parent / "images").rglob("*.png"))]
    together = yolo.predict(confident, images, DetectorSettings(**{**SMALL, "batch_size": 4}), "cpu")
    for path in images:
        alone = yolo.predict(confident, [path], DetectorSettings(**SMALL), "cpu")
        mine, theirs = (
            np.array(sorted([one.score for one in boxes if one.stem == path.stem])) for boxes in (together, alone)
        )
        assert mine.shape == theirs.shape
        assert np.abs(mine - theirs).max() < 1e-5


def coco_box(xyxy):
    x1, y1, x2, y2 = xyxy
    return x1, y1, x2 - x1, y2 - y1


def test_the_number_of_threads_and_determinism_are_restored(trained):
    before, after = trained[2]
    assert after == before
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_same_seed_gives_the_same_predictions_and_another_seed_others(yolo, data, trained, tmp_path):
    settings = DetectorSettings(epochs=2, **SMALL)
    for seed in (1, 2):
        yolo.train_detector(tmp_path / f"{seed}", data, settings, seed, "cpu")
    assert predictions(yolo, tmp_path / "1", data) == trained[1]
    assert predictions(yolo, tmp_path / "2", data) != trained[1]


def test_pretrained_weights_are_loaded_and_counted(yolo, data, trained, tmp_path, capsys):
    weights = detector_weights(trained[0])
    settings = DetectorSettings(epochs=1, weights=str(weights), **SMALL)
    yolo.train_detector(tmp_path / "out", data, settings, 1, "cpu")
    count = len(weights_of(trained[0]))
    assert f"starts from {count} of {count} tensors from last.pt" in capsys.readouterr().out


def test_training_a_finished_run_again_changes_nothing(yolo, data, trained):
    weights = detector_weights(trained[0])
    before = weights.read_bytes()
    yolo.train_detector(trained[0], data, DetectorSettings(epochs=2, **SMALL), 1, "cpu")
    assert weights.read_bytes() == before


def test_every_argument_that_is_passed_to_ultralytics_is_refused_as_an_extra_one(yolo, data, tmp_path, monkeypatch):
    passed = {}

    def see(cfg, overrides):
        passed.update(overrides)
        raise KeyboardInterrupt

    monkeypatch.setattr("ultralytics.engine.trainer.get_cfg", see)
    with pytest.raises(KeyboardInterrupt):
        yolo.train_detector(tmp_path / "out", data, DetectorSettings(**SMALL), 1, "cpu")
    assert {"model", "lr0", "seed", "device", "save_dir", "amp", "val", "deterministic"} <= set(passed)
    for name in passed:
        with pytest.raises(InputError, match=rf"^detector\.extra\.{name}: (set elsewhere\. Try: |not allowed \()"):
            DetectorSettings(extra={name: passed[name]})


def test_every_argument_of_ultralytics_is_honoured_or_refused_in_one_line(yolo):
    from ultralytics.utils import DEFAULT_CFG_DICT

    assert set(HONOURED) < set(DEFAULT_CFG_DICT)
    for name in DEFAULT_CFG_DICT.keys() - set(HONOURED):
        with pytest.raises(InputError, match=rf"detector\.extra\W+{name}\b") as error:
            DetectorSettings(extra={name: DEFAULT_CFG_DICT[name]})
        assert "\n" not in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value"), EXTRA.items())
def test_an_honoured_argument_changes_the_weights(yolo, data, trained, tmp_path, name, value):
    def train(folder, extra):
        settings = DetectorSettings(**SMALL, epochs=3, extra={**CARRIED_OVER, "close_mosaic": 1, **extra})
        yolo.train_detector(folder, data, settings, 1, "cpu")
        return weights_of(folder)

    left, right = train(tmp_path / "without", {}), train(tmp_path / "with", {name: value})
    assert not all(torch.equal(left[key], right[key]) for key in left)


def test_every_honoured_argument_is_tried_but_the_weights_of_classes():
    assert EXTRA.keys() == set(HONOURED) - {"cls_pw"}  # the classes of the test data are equally frequent


@pytest.mark.parametrize("wrong", [{"mosaic": "much"}, {"mosaic": 7.0}])
def test_an_extra_argument_of_a_wrong_value_is_refused(yolo, data, tmp_path, wrong):
    with pytest.raises(InputError):
        yolo.train_detector(tmp_path / "out", data, DetectorSettings(epochs=1, extra=wrong, **SMALL), 1, "cpu")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_known_optimizer_trains(yolo, data, tmp_path, optimizer):
    settings = DetectorSettings(epochs=1, optimizer=optimizer, learning_rate=0.001, **SMALL)
    yolo.train_detector(tmp_path / "out", data, settings, 1, "cpu")
    assert detector_weights(tmp_path / "out").exists()


@pytest.mark.parametrize("wrong", [{"extra": {"mosaic": 7.0}}, {"model": "yolov99n.yaml"}, {"extra": {"box": "much"}}])
def test_settings_that_ultralytics_refuses_are_reported_without_training(yolo, wrong):
    from downstream.detection.arguments import require_arguments

    require_arguments(DetectorSettings(**SMALL))
    with pytest.raises(InputError, match=r"detector '.*yolo.*: .*(mosaic|yolov99|box)") as error:
        require_arguments(DetectorSettings(**SMALL | wrong))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("model", ["yolov99n.yaml", "no/such/file.yaml"])
def test_an_unknown_architecture_is_refused_by_name(yolo, data, tmp_path, model):
    settings = DetectorSettings(**{**SMALL, "model": model, "epochs": 1})
    with pytest.raises(InputError) as error:
        yolo.train_detector(tmp_path / "out", data, settings, 1, "cpu")
    assert model in str(error.value)
    assert "\n" not in str(error.value)


@pytest.fixture
def cpu_autocast():
    """Restore the type that autocast has on a CPU, where a training outside of these tests does not use it."""
    before = torch.get_autocast_dtype("cpu")
    yield
    torch.set_autocast_dtype("cpu", before)


def train_in(precision, yolo, folder, killed_after=None):
    """Train for three epochs on the CPU, in a precision that the settings would refuse there."""
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


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_on_a_cpu_is_refused_before_the_training(yolo, data, tmp_path, precision):
    settings = DetectorSettings(precision=precision, **SMALL)
    with pytest.raises(
        InputError, match=rf"^detector\.precision={precision}: not available on cpu \(expected float32\)"
    ):
        yolo.train_detector(tmp_path / "out", data, settings, 1, "cpu")
    assert not (tmp_path / "out").exists()


def test_a_training_tells_its_precision(trained):
    assert load_conditions(trained[0]) == {"precision": "float32"}


def test_installing_albumentations_changes_no_weights(yolo, data, trained, tmp_path, monkeypatch):
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
def test_albumentations_change_the_weights_only_if_asked_for_and_tell_their_version(yolo, data, trained, tmp_path):
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


def weights_of(out):
    return torch.load(detector_weights(out), weights_only=False)["model"].state_dict()


def test_a_run_with_other_settings_is_not_resumed(yolo, data, tmp_path):
    settings = DetectorSettings(epochs=2, **SMALL)
    save_tensors(tmp_path / "state.safetensors", {}, {"run": {**asdict(settings), "precision": "float16", "seed": 2}})
    with pytest.raises(
        InputError, match=r"state\.safetensors: belongs to a training with other precision, seed\. Try: "
    ):
        yolo.train_detector(tmp_path, data, settings, 1, "cpu")


def test_training_and_predicting_use_no_network(tmp_path, subprocess_environment):
    write_data(tmp_path)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WATCH)
    marker = tmp_path / "marker"
    environment = {**subprocess_environment, "NETWORK_MARKER": str(marker)}
    environment["PYTHONPATH"] = f"{tmp_path / 'site'}{os.pathsep}{environment['PYTHONPATH']}"
    settings = json.dumps({"epochs": 1, **SMALL})
    command = [sys.executable, "-c", TRAIN, str(tmp_path), settings]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not marker.exists(), marker.read_text()
