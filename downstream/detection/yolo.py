"""Train a YOLO and predict with it.

Call `isolate_ultralytics` before this module is imported.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from tqdm import tqdm
from ultralytics import YOLO, settings
from ultralytics.models.yolo.detect import DetectionPredictor
from ultralytics.utils import LOGGER, nms, torch_utils
from ultralytics.utils.patches import imread

from downstream.conditions import describe_precision, save_conditions
from downstream.datasets import Box, image_size
from downstream.detection.arguments import as_input_errors, yolo_arguments
from downstream.detection.outputs import Prediction, detector_weights
from downstream.detection.settings import DetectorSettings
from downstream.detection.trainer import ResumableTrainer
from downstream.four_channels import SUFFIX, read_four_channels
from fusion.storage import link_or_copy

CONFIDENCE, NMS_IOU, MOST_BOXES = 0.001, 0.7, 300  # of the evaluation protocol, equal for all fusers
Pixels = npt.NDArray[np.uint8]
Detect = Callable[[Sequence[str | Pixels]], list[list[tuple[Box, float]]]]


def train_detector(out_dir: Path, data_yaml: Path, detector: DetectorSettings, seed: int, device: str) -> None:
    """Train on the `train` images of `data_yaml`, or resume the training in `out_dir`.

    Writes `out_dir/state.safetensors` after every epoch, and `detector_weights(out_dir)` at the end. A training that
    was killed resumes after its last complete epoch and ends with the same weights; on a GPU, where sums have no fixed
    order, with nearly the same. A finished training is left as it is.

    Args:
        out_dir: a folder for this training only; created if missing.
        data_yaml: of `write_yolo_data`.
        detector: the architecture and its schedule.
        seed: of the initial weights of layers without pretrained ones, of the order and the augmentation.
        device: "cpu" or "cuda".

    Raises:
        InputError: ultralytics does not know the architecture or an argument, the pretrained weights do not fit, the
            precision is not available on the device, or `out_dir` contains a training with other settings.
        FloatingPointError: the loss is not finite.
    """
    overrides = {
        **yolo_arguments(detector),
        "data": str(data_yaml),
        "seed": seed,
        "device": device,
        "save_dir": str(out_dir.absolute() / "run"),
    }
    state = out_dir / "state.safetensors"
    if not detector_weights(out_dir).exists():
        start = Path(detector.weights) if detector.weights else None
        precision = detector.precision_on(torch.device(device))
        conditions = {"precision": describe_precision(precision, torch.device(device))}
        if detector.albumentations:
            conditions["albumentations"] = version("albumentations")
        facts = {**asdict(detector), "seed": seed, **conditions, "precision": precision}
        with _undo_process_changes(), as_input_errors(detector, state):
            trainer = ResumableTrainer(overrides, start, precision, detector.albumentations, state, facts)
            save_conditions(out_dir, conditions)
            name = out_dir.name.strip(".").removesuffix(".part")
            bar = tqdm(total=detector.epochs, desc=f"train {name}", unit="epoch")
            trainer.add_callback("on_train_epoch_start", lambda t: bar.update(t.epoch - bar.n))
            trainer.add_callback("on_train_epoch_end", lambda t: bar.update(t.epoch + 1 - bar.n))
            with bar:
                trainer.train()
    state.unlink(missing_ok=True)


def predict(weights: Path, images: Sequence[Path], detector: DetectorSettings, device: str) -> list[Prediction]:
    """Detect objects: confidence >= 0.001, NMS at IoU 0.7, at most 300 boxes per image.

    Boxes are those of ultralytics' validator: a box may have several classes, each with its own confidence.

    Args:
        weights: of `train_detector`.
        images: the image files, as the network was trained on; predictions refer to them by stem.
        detector: the settings of the training; images of equal size are predicted in batches of its batch size.
        device: "cpu" or "cuda".

    Returns:
        One record per box and class, in pixels of the image, clipped to it.
    """
    found: list[Prediction] = []
    with (
        opened_detector(weights, detector, device) as detect,
        tqdm(total=len(images), desc="predict", unit="image") as bar,
    ):
        for batch in _batches(images, detector.batch_size):
            results = detect([read_four_channels(path) if path.suffix == SUFFIX else str(path) for path in batch])
            for path, boxes in zip(batch, results, strict=True):
                found += [Prediction(path.stem, box, score) for box, score in boxes]
            bar.update(len(batch))
    return found


@contextmanager
def opened_detector(weights: Path, detector: DetectorSettings, device: str) -> Iterator[Detect]:
    """Load a network once and yield the function that detects objects, as `predict` does; arguments as there.

    The function takes one batch of images of equal size: paths, or (H, W, C) uint8 with C = 3 (BGR) or, for a network
    of four channels, 4 (RGB and infrared). It returns a list of boxes with scores for each image.
    """
    with _undo_process_changes():
        model = _load(weights)

        def detect(images: Sequence[str | Pixels]) -> list[list[tuple[Box, float]]]:
            results = model.predict(
                list(images),
                predictor=_ValidatorBoxes,
                batch=len(images),
                imgsz=detector.image_size,
                conf=CONFIDENCE,
                iou=NMS_IOU,
                max_det=MOST_BOXES,
                device=device,
                verbose=False,
            )
            return [_boxes_of(result) for result in results]

        yield detect


def read_levels(path: Path) -> Pixels:
    """Read an image that `predict` can read, as the function of `opened_detector` takes it."""
    levels: Pixels = read_four_channels(path) if path.suffix == SUFFIX else imread(str(path))
    return levels


def _boxes_of(result: Any) -> list[tuple[Box, float]]:
    """Return the boxes and scores of one image from what ultralytics returns."""
    boxes = result.boxes
    columns = boxes.xyxy.tolist(), boxes.conf.tolist(), boxes.cls.tolist()
    return [(Box(result.names[int(index)], tuple(xyxy)), score) for xyxy, score, index in zip(*columns, strict=True)]


def _load(weights: Path) -> YOLO:
    """Load a network from any path; ultralytics removes apostrophes from the one that it is given."""
    with TemporaryDirectory() as folder:
        plain = Path(folder) / weights.name
        link_or_copy(weights, plain)
        return YOLO(str(plain))


class _ValidatorBoxes(DetectionPredictor):  # type: ignore[misc]  # ultralytics has no types
    """Predicts the boxes of ultralytics' validator.

    ultralytics' own predictor keeps only the best class of a box, which costs average precision wherever two classes
    are confused. Its NMS also gives up after a time limit and leaves the rest of a batch without boxes; this one does
    not.
    """

    def postprocess(self, preds: Any, img: Tensor, orig_imgs: Any, **kwargs: Any) -> Any:
        """Apply NMS with several classes per box."""
        kept = nms.non_max_suppression(
            preds,
            self.args.conf,
            self.args.iou,
            multi_label=True,
            max_det=self.args.max_det,
            max_time_img=math.inf,
            end2end=getattr(self.model, "end2end", False),
        )
        return self.construct_results(kept, img, orig_imgs)


def _batches(images: Sequence[Path], size: int) -> Iterator[list[Path]]:
    """Split images into batches of one image size, in order; in a mixed batch, padding would change the boxes."""
    for _, group in groupby(images, key=image_size):
        alike = list(group)
        yield from (alike[start : start + size] for start in range(0, len(alike), size))


@contextmanager
def _undo_process_changes() -> Iterator[None]:
    """Undo what ultralytics changes in the process: telemetry, log messages, threads, autocast, determinism."""
    settings.update({key: False for key, value in settings.items() if isinstance(value, bool)})
    LOGGER.setLevel(logging.ERROR)
    threads, autocast_dtype = torch.get_num_threads(), torch.get_autocast_dtype("cuda")
    torch_utils.NUM_THREADS = threads
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_autocast_dtype("cuda", autocast_dtype)
        torch.use_deterministic_algorithms(False)
