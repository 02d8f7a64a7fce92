import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from downstream.detection.environment import isolate_ultralytics
from downstream.detection.outputs import training_losses
from downstream.detection.settings import DetectorSettings
from fusion.errors import InputError
from fusion.storage.tensor_files import save_tensors

CLASSES = ("Car", "People")
SMALL = {"image_size": 64, "batch_size": 2, "workers": 0}

TRAIN = """
import sys
from pathlib import Path
from downstream.detection.environment import isolate_ultralytics
folder, epochs, workers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
isolate_ultralytics(folder / "ultralytics")
from downstream.detection.settings import DetectorSettings
from downstream.detection.yolo import detector_weights, predict, train_detector
extra = {"nbs": 6, "close_mosaic": 2}
settings = DetectorSettings(epochs=epochs, image_size=64, batch_size=2, workers=workers, extra=extra)
train_detector(folder / "out", folder / "data.yaml", settings, 1, "cpu")
predict(detector_weights(folder / "out"), sorted((folder / "images").rglob("*.png"))[:1], settings, "cpu")
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
    """Give a run of two epochs: its folder, its predictions, and what it did to the process."""
    out, threads = tmp_path_factory.mktemp("trained"), torch.get_num_threads()
    yolo.train_detector(out, data, DetectorSettings(epochs=2, **SMALL), 1, "cpu")
    found = predictions(yolo, out, data)
    return out, found, (threads, torch.get_num_threads())


def predictions(yolo, out, data):
    images = sorted((data.parent / "images").rglob("*.png"))
    return yolo.predict(yolo.detector_weights(out), images, DetectorSettings(**SMALL), "cpu")


def epochs_done(out):
    return [int(line.split(",")[0]) for line in (out / "run" / "results.csv").read_text().splitlines()[1:]]


def test_training_leaves_the_weights_of_the_last_epoch_inside_its_folder(yolo, trained):
    out = trained[0]
    assert yolo.detector_weights(out).is_file()
    assert out in yolo.detector_weights(out).parents
    assert epochs_done(out) == [1, 2]
    losses = training_losses(out)
    assert list(losses) == [1, 2]
    assert all(loss > 0 for loss in losses.values())


def test_predictions_lie_inside_their_image_and_bear_names_of_classes(trained):
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


def test_the_number_of_threads_and_determinism_are_as_before(trained):
    before, after = trained[2]
    assert after == before
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_same_seed_gives_the_same_predictions_and_another_seed_others(yolo, data, trained, tmp_path):
    settings = DetectorSettings(epochs=2, **SMALL)
    for seed in (1, 2):
        yolo.train_detector(tmp_path / f"{seed}", data, settings, seed, "cpu")
    assert predictions(yolo, tmp_path / "1", data) == trained[1]
    assert predictions(yolo, tmp_path / "2", data) != trained[1]


def test_start_weights_are_loaded_and_said(yolo, data, trained, tmp_path, capsys):
    weights = yolo.detector_weights(trained[0])
    settings = DetectorSettings(epochs=1, weights=str(weights), **SMALL)
    yolo.train_detector(tmp_path / "out", data, settings, 1, "cpu")
    assert "starts from 355 of 355 tensors from last.pt" in capsys.readouterr().out


def test_training_a_finished_run_again_changes_nothing(yolo, data, trained):
    weights = yolo.detector_weights(trained[0])
    before = weights.read_bytes()
    yolo.train_detector(trained[0], data, DetectorSettings(epochs=2, **SMALL), 1, "cpu")
    assert weights.read_bytes() == before


def test_an_unknown_extra_argument_is_refused_in_one_line_with_the_nearest_name(yolo, data, tmp_path):
    settings = DetectorSettings(epochs=1, extra={"mosaik": 0.0}, **SMALL)
    with pytest.raises(InputError) as error:
        yolo.train_detector(tmp_path / "out", data, settings, 1, "cpu")
    assert "mosaik" in str(error.value)
    assert "mosaic" in str(error.value).replace("mosaik", "")
    assert "\n" not in str(error.value)
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize("wrong", [{"mosaic": "much"}, {"mosaic": 7.0}, {"optimizer": "Nonsense"}])
def test_an_extra_argument_of_a_wrong_value_is_refused(yolo, data, tmp_path, wrong):
    if "optimizer" in wrong:
        settings = DetectorSettings(epochs=1, **wrong, **SMALL)
    else:
        settings = DetectorSettings(epochs=1, extra=wrong, **SMALL)
    with pytest.raises(InputError):
        yolo.train_detector(tmp_path / "out", data, settings, 1, "cpu")


@pytest.mark.parametrize("wrong", [{"extra": {"mosaic": 7.0}}, {"model": "yolov99n.yaml"}, {"learning_rate": "fast"}])
def test_what_ultralytics_will_not_take_is_told_without_training(yolo, wrong):
    from downstream.detection.arguments import require_arguments

    require_arguments(DetectorSettings(**SMALL))
    with pytest.raises(InputError, match=r"detector 'yolov.*: .*(mosaic|yolov99|lr0)") as error:
        require_arguments(DetectorSettings(**SMALL | wrong))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("model", ["yolov99n.yaml", "no/such/file.yaml"])
def test_an_unknown_architecture_is_refused_by_name(yolo, data, tmp_path, model):
    with pytest.raises(InputError) as error:
        yolo.train_detector(tmp_path / "out", data, DetectorSettings(model=model, epochs=1, **SMALL), 1, "cpu")
    assert model in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "elsewhere"), [(0, False), (2, True)])
def test_a_killed_run_ends_with_the_same_weights(yolo, tmp_path, subprocess_environment, workers, elsewhere):
    """With mosaics, steps of three batches in an epoch of four, and a momentum: all that an epoch could carry over."""
    finished = [tmp_path / "left", tmp_path / "killed"]
    for folder in finished:
        write_data(folder, 8)
    child = start(finished[0], 6, subprocess_environment, workers)
    output, errors = child.communicate(timeout=240)
    assert child.returncode == 0, errors[-3000:]
    assert "starts from random weights" in output
    child = start(finished[1], 6, subprocess_environment, workers)
    wait_for(finished[1] / "out" / "state.safetensors", child)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert not yolo.detector_weights(finished[1] / "out").exists()
    (tmp_path / "cwd").mkdir()
    cwd = tmp_path / "cwd" if elsewhere else None
    child = start(finished[1], 6, subprocess_environment, workers, cwd)
    output, errors = child.communicate(timeout=240)
    assert child.returncode == 0, errors[-3000:]
    assert "starts from" not in output
    assert epochs_done(finished[1] / "out") == list(range(1, 7))
    assert not (finished[1] / "out" / "state.safetensors").exists()
    left, killed = (weights(yolo, folder / "out") for folder in finished)
    assert left.keys() == killed.keys()
    assert all(torch.equal(left[name], killed[name]) for name in left)
    assert training_losses(finished[0] / "out") == training_losses(finished[1] / "out")


def weights(yolo, out):
    return torch.load(yolo.detector_weights(out), weights_only=False)["model"].state_dict()


def test_a_run_with_other_settings_is_not_gone_on_with(yolo, data, tmp_path):
    settings = DetectorSettings(epochs=2, **SMALL)
    save_tensors(tmp_path / "state.safetensors", {}, {"run": {**asdict(settings), "seed": 2}})
    with pytest.raises(InputError, match=r"state\.safetensors: belongs to a training with other settings"):
        yolo.train_detector(tmp_path, data, settings, 1, "cpu")


def test_training_and_predicting_touch_no_network(tmp_path, subprocess_environment):
    write_data(tmp_path)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WATCH)
    marker = tmp_path / "marker"
    environment = {**subprocess_environment, "NETWORK_MARKER": str(marker)}
    environment["PYTHONPATH"] = f"{tmp_path / 'site'}{os.pathsep}{environment['PYTHONPATH']}"
    child = start(tmp_path, 1, environment)
    _, errors = child.communicate(timeout=240)
    assert child.returncode == 0, errors[-3000:]
    assert not marker.exists(), marker.read_text()


def start(folder, epochs, environment, workers=0, cwd=None):
    command = [sys.executable, "-c", TRAIN, str(folder), str(epochs), str(workers)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, cwd=cwd or folder, **pipes)


def wait_for(path, child):
    deadline = time.monotonic() + 120
    while not path.exists() or not path.stat().st_size:
        assert child.poll() is None, child.communicate()[1][-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.01)
