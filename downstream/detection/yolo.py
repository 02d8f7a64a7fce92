"""Train a YOLO and predict with it. Call `isolate_ultralytics` first."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import torch
from tqdm import tqdm
from ultralytics import YOLO, settings
from ultralytics.utils import LOGGER, torch_utils

from downstream.datasets import Box
from downstream.detection.arguments import telling_mistakes, yolo_arguments
from downstream.detection.predictions import Prediction
from downstream.detection.settings import DetectorSettings
from downstream.detection.trainer import RepeatableTrainer

CONFIDENCE, NMS_IOU, MOST_BOXES = 0.001, 0.7, 300  # the protocol's, equal for all fusers


def train_detector(out_dir: Path, data_yaml: Path, detector: DetectorSettings, seed: int, device: str) -> None:
    """Train on the `train` images of `data_yaml`, or go on with what `out_dir` holds.

    Writes `out_dir/state.safetensors` after every epoch, and `out_dir/run/weights/last.pt` at the end. Killed and
    started again, it goes on behind its last whole epoch and ends with the same weights; on a GPU, whose sums have no
    fixed order, with nearly the same.

    Args:
        out_dir: of this run alone.
        data_yaml: as `write_yolo_data` wrote it.
        detector: what to train.
        seed: decides initial weights of layers without start weights, order and augmentation.
        device: "cpu" or "cuda".

    Raises:
        InputError: ultralytics does not know the architecture or an argument, the start weights do not fit, or
            `out_dir` holds a run with other settings.
    """
    overrides = {
        **yolo_arguments(detector),
        "data": str(data_yaml),
        "seed": seed,
        "device": device,
        "save_dir": str(out_dir.absolute() / "run"),
        "exist_ok": True,
        "pretrained": False,
        "deterministic": True,
        "amp": False,  # its check downloads a model
        "val": False,
        "plots": False,
        "verbose": False,
    }
    state = out_dir / "state.safetensors"
    if not detector_weights(out_dir).exists():
        start = Path(detector.weights) if detector.weights else None
        with _quiet_with_our_threads(), telling_mistakes(detector, state):
            trainer = RepeatableTrainer(overrides, start, state, {**asdict(detector), "seed": seed})
            name = out_dir.name.strip(".").removesuffix(".part")
            bar = tqdm(total=detector.epochs, desc=f"train {name}", unit="epoch")
            trainer.add_callback("on_train_epoch_start", lambda t: bar.update(t.epoch - bar.n))
            trainer.add_callback("on_train_epoch_end", lambda t: bar.update(t.epoch + 1 - bar.n))
            with bar:
                trainer.train()
    state.unlink(missing_ok=True)


def detector_weights(out_dir: Path) -> Path:
    """Say where `train_detector` leaves the weights."""
    return out_dir / "run" / "weights" / "last.pt"


def predict(weights: Path, images: Sequence[Path], detector: DetectorSettings, device: str) -> list[Prediction]:
    """Detect objects: confidence >= 0.001, NMS IoU 0.7, at most 300 boxes an image.

    Args:
        weights: of `train_detector`.
        images: files, whose stems name the predictions.
        detector: the settings it was trained with.
        device: "cpu" or "cuda".

    Returns:
        One record per box, in pixels of the image.
    """
    found: list[Prediction] = []
    with _quiet_with_our_threads():
        model = YOLO(str(weights))
        for path in tqdm(images, desc="predict", unit="image"):
            result = model.predict(
                str(path),
                imgsz=detector.image_size,
                conf=CONFIDENCE,
                iou=NMS_IOU,
                max_det=MOST_BOXES,
                device=device,
                verbose=False,
            )[0]
            boxes = result.boxes
            for xyxy, score, index in zip(boxes.xyxy.tolist(), boxes.conf.tolist(), boxes.cls.tolist(), strict=True):
                found.append(Prediction(path.stem, Box(result.names[int(index)], tuple(xyxy)), score))
    return found


@contextmanager
def _quiet_with_our_threads() -> Iterator[None]:
    """Undo what ultralytics does to the process: telemetry, chatter, and one thread less than there are cores."""
    settings.update({key: False for key, value in settings.items() if isinstance(value, bool)})
    LOGGER.setLevel(logging.ERROR)
    threads = torch.get_num_threads()
    torch_utils.NUM_THREADS = threads
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(False)
