import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from downstream.detection.outputs import detector_weights, training_losses
from downstream.detection.settings import DetectorSettings
from tests.downstream.detection.tiny_trainings import CLASSES, SMALL, epochs_done, predictions, weights_of, write_data

TRAIN = """
import json, sys
from pathlib import Path
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
