"""Tiny images with boxes on disk, the settings of a tiny YOLO, and what its trainings leave."""

from pathlib import Path

import cv2
import numpy as np
import torch

from downstream.detection.outputs import detector_weights
from downstream.detection.settings import DetectorSettings

CLASSES = ("Car", "People")
TINY = Path(__file__).parents[2] / "tiny_yolo.yaml"
SMALL = {"model": str(TINY), "image_size": 64, "batch_size": 2, "workers": 0}
CARRIED_OVER = {"nbs": 6, "close_mosaic": 2}  # with 8 images: steps of three batches in an epoch of four, and mosaics


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


def predictions(yolo, out, data):
    images = sorted((data.parent / "images").rglob("*.png"))
    return yolo.predict(detector_weights(out), images, DetectorSettings(**SMALL), "cpu")


def epochs_done(out):
    return [int(line.split(",")[0]) for line in (out / "run" / "results.csv").read_text().splitlines()[1:]]


def weights_of(out):
    return torch.load(detector_weights(out), weights_only=False)["model"].state_dict()
