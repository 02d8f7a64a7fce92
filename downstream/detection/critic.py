"""A YOLO that is trained along with a fusion network and judges its images.

Call `isolate_ultralytics` before this module is imported.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils import nms

from downstream.datasets import Box, LabelledPair
from downstream.detection.arguments import as_input_errors, yolo_arguments
from downstream.detection.outputs import Prediction
from downstream.detection.score import score_detections
from downstream.detection.settings import DetectorSettings
from downstream.detection.yolo import CONFIDENCE, MOST_BOXES, NMS_IOU
from downstream.start_weights import load_start_weights
from fusion.images import CropWindow
from fusion.seeds import seed_for
from fusion.storage import Fingerprints

_STRIDE = 32  # of the coarsest map of a YOLO
_PAD = 114 / 255  # the grey that ultralytics pads with
_LEAST_SHOWN = 0.3  # share of a box


class DetectionCritic:
    """The loss of a detector on crops of fused images, and its mAP50 on whole ones: a `fusion.training.Critic`.

    It sees images as large as a detector sees them: the longer side of the largest pair becomes `detector.image_size`.

    Args:
        items: the training pairs with their boxes, in the order of the trainer.
        classes: the class names.
        detector: architecture, start weights, image size and the weights of its loss.
        learning_rate: of its optimizer at the start.
        seed: of layers without start weights.

    Raises:
        InputError: ultralytics does not know the architecture, or the start weights cannot be read or do not fit.
    """

    def __init__(
        self,
        items: Sequence[LabelledPair],
        classes: Sequence[str],
        detector: DetectorSettings,
        learning_rate: float,
        seed: int,
    ) -> None:
        self.learning_rate = learning_rate
        self._items, self._classes = items, tuple(classes)
        self._scale = detector.image_size / max(max(item.width, item.height) for item in items)
        with torch.random.fork_rng(devices=[]), as_input_errors(detector):
            torch.manual_seed(seed_for(seed, "critic"))
            self.network = DetectionModel(detector.model, nc=len(classes), verbose=False)
        self.network.args = get_cfg(overrides=yolo_arguments(detector))
        if detector.weights:
            load_start_weights(self.network, Path(detector.weights))
        self.network.to(memory_format=torch.channels_last)
        self.facts: Mapping[str, Any] = {
            "task": "detection",
            "model": detector.model,
            "weights": Fingerprints().of_all([Path(detector.weights)]) if detector.weights else None,
            "image_size": detector.image_size,
            "extra": dict(detector.extra),
            "learning_rate": learning_rate,
            "boxes": hashlib.sha256(repr([item.boxes for item in items]).encode()).hexdigest(),
        }

    def loss(self, fused: Tensor, windows: Sequence[CropWindow]) -> Tensor:
        """Compute the loss of ultralytics, a mean over the crops; shapes as in `fusion.training.Critic`."""
        side = max(2, round(fused.shape[-1] * self._scale / _STRIDE)) * _STRIDE  # BatchNorm needs two positions
        shown = [
            (number, self._classes.index(box.class_name), *_centred(box, window.side))
            for number, window in enumerate(windows)
            for box in boxes_in(window, self._items[window.pair].boxes)
        ]
        labels = torch.tensor(shown, dtype=torch.float32, device=fused.device).view(-1, 6)
        batch = {"img": _resized(fused, (side, side)), "batch_idx": labels[:, 0]}
        batch |= {"cls": labels[:, 1:2], "bboxes": labels[:, 2:]}
        losses: Tensor = self.network(batch)[0]  # of boxes, classes and distributions, times the number of images
        return losses.sum() / len(fused)

    @torch.no_grad()
    def score(self, fused: Iterator[tuple[int, Tensor]]) -> float:
        """Compute mAP50 in evaluation mode, with the confidence, the NMS and the number of boxes of `predict`."""
        self.network.eval()
        truth, found = list[LabelledPair](), list[Prediction]()
        for index, image in fused:
            truth.append(self._items[index])
            found += [Prediction(truth[-1].pair.stem, box, score) for box, score in self._detect(image)]
        scores = score_detections(truth, found, self._classes).scores
        return next((one.value for one in scores if (one.metric, one.class_name) == ("mAP50", "all")), None) or 0.0

    def _detect(self, image: Tensor) -> Iterator[tuple[Box, float]]:
        height, width = image.shape[1:]
        rows, columns = (max(1, round(side * self._scale)) for side in (height, width))
        padded = F.pad(_resized(image[None], (rows, columns)), (0, -columns % _STRIDE, 0, -rows % _STRIDE), value=_PAD)
        kept = nms.non_max_suppression(
            self.network(padded),
            CONFIDENCE,
            NMS_IOU,
            multi_label=True,
            max_det=MOST_BOXES,
            max_time_img=math.inf,
            end2end=getattr(self.network, "end2end", False),
        )[0]
        for x1, y1, x2, y2, score, number in kept.tolist():
            left, right = (min(max(x * width / columns, 0.0), float(width)) for x in (x1, x2))
            top, bottom = (min(max(y * height / rows, 0.0), float(height)) for y in (y1, y2))
            yield Box(self._classes[int(number)], (left, top, right, bottom)), score


def boxes_in(window: CropWindow, boxes: Sequence[Box]) -> Iterator[Box]:
    """Yield the boxes that a crop shows, clipped to it, in its pixels; those it shows less than 30 % of are left out.

    Example:
        >>> shown = list(boxes_in(CropWindow(0, 10, 20, 32, True), [Box("car", (30.0, 5.0, 40.0, 20.0))]))
        >>> shown[0].xyxy
        (12.0, 0.0, 22.0, 10.0)
        >>> list(boxes_in(CropWindow(0, 10, 20, 32, False), [Box("car", (0.0, 0.0, 21.0, 11.0))]))
        []
    """
    for box in boxes:
        x1, y1, x2, y2 = box.xyxy
        left, right = (min(max(x - window.left, 0.0), float(window.side)) for x in (x1, x2))
        top, bottom = (min(max(y - window.top, 0.0), float(window.side)) for y in (y1, y2))
        if box.ignore or (right - left) * (bottom - top) < _LEAST_SHOWN * (x2 - x1) * (y2 - y1):
            continue
        if window.mirrored:
            left, right = window.side - right, window.side - left
        yield replace(box, xyxy=(left, top, right, bottom))


def _centred(box: Box, side: int) -> tuple[float, float, float, float]:
    """Return centre, width and height of a box in an image of side 1."""
    x1, y1, x2, y2 = (value / side for value in box.xyxy)
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1


def _resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)
