"""Score predicted boxes by the COCO protocol; the only module that imports pycocotools."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from downstream.datasets import LabelledPair
from downstream.detection.matches import DetectionMatches, collect_matches
from downstream.detection.outputs import Prediction
from downstream.scores import Score

MOST_BOXES = 300
SIZES = ("all", "small", "medium", "large")  # COCO's: below 32^2, up to 96^2, above, in pixels


@dataclass(frozen=True)
class DetectionScore:
    """The result of one detector.

    Attributes:
        scores: over all classes, by object size, and by class.
        curves: by class with ground truth, the 101 precisions at recall 0, .01, .., 1 and IoU .5.
        matches: which detections are true positives.
    """

    scores: tuple[Score, ...]
    curves: dict[str, list[float]]
    matches: DetectionMatches


class _Evaluation(COCOeval):  # type: ignore[misc]  # pycocotools has no types
    """COCO's evaluation; difficult objects are ignored like a crowd, but matched by IoU like single objects."""

    def computeIoU(self, imgId: int, catId: int) -> Any:  # noqa: N802, N803  # pycocotools' names
        """Compute the IoU of all detections with all ground truth of one image and class."""
        difficult = [one for one in self._gts[imgId, catId] if one["difficult"]]
        for one in difficult:
            one["iscrowd"] = 0
        try:
            return super().computeIoU(imgId, catId)
        finally:
            for one in difficult:
                one["iscrowd"] = 1


def score_detections(
    truth: Sequence[LabelledPair], predictions: Sequence[Prediction], classes: Sequence[str]
) -> DetectionScore:
    """Compute mAP50:95 and mAP50 over all classes, by object size and by class.

    At most 300 boxes per image count, those of the highest scores. Classes without ground-truth box are left out of
    the mean. Boxes to be ignored are neither: any number of detections that match one, and nothing else, do not count;
    those of a crowd match if they lie in it, as in COCO, and those of a difficult object by IoU, as in VOC.

    Args:
        truth: the test images with their ground-truth boxes.
        predictions: detections on these images.
        classes: the classes in the order of the result.

    Source: the COCO evaluation, pycocotools.
    Verified against: a plain implementation of greedy matching and 101-point interpolation, 1e-9.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints every step
        evaluation = _Evaluation(*_as_coco(truth, predictions, classes), "bbox")
        evaluation.params.maxDets = [1, 10, MOST_BOXES]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][..., -1]  # (10 IoUs, 101 recalls, classes, 4 sizes)
    n = len(truth)
    scores = [
        Score("mAP50:95", "all", _mean(precision[..., 0]), n),
        Score("mAP50", "all", _mean(precision[0, ..., 0]), n),
    ]
    scores += [Score(f"mAP50:95_{size}", "all", _mean(precision[..., k]), n) for k, size in enumerate(SIZES) if k]
    curves = {}
    for k, name in enumerate(classes):
        boxes = sum(box.class_name == name and not box.ignore for item in truth for box in item.boxes)
        scores.append(Score("AP50:95", name, _mean(precision[:, :, k, 0]), boxes))
        scores.append(Score("AP50", name, _mean(precision[0, :, k, 0]), boxes))
        if boxes:
            curves[name] = [float(value) for value in precision[0, :, k, 0]]
    return DetectionScore(tuple(scores), curves, collect_matches(evaluation, n, len(classes)))


def _mean(precision: npt.NDArray[np.float64]) -> float | None:
    defined = precision[precision > -1]  # pycocotools writes -1 where there is no ground truth
    return float(defined.mean()) if defined.size else None


def _as_coco(
    truth: Sequence[LabelledPair], predictions: Sequence[Prediction], classes: Sequence[str]
) -> tuple[COCO, COCO]:
    image_ids = {item.pair.stem: number for number, item in enumerate(truth, start=1)}
    class_ids = {name: number for number, name in enumerate(classes, start=1)}
    annotations: list[dict[str, Any]] = []
    for item in truth:
        for box in item.boxes:
            x1, y1, x2, y2 = box.xyxy
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_ids[item.pair.stem],
                    "category_id": class_ids[box.class_name],
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "iscrowd": int(bool(box.ignore)),
                    "difficult": box.ignore == "difficult",
                }
            )
    coco = COCO()
    coco.dataset = {
        "info": {},
        "images": [{"id": image_ids[item.pair.stem], "width": item.width, "height": item.height} for item in truth],
        "categories": [{"id": number, "name": name} for name, number in class_ids.items()],
        "annotations": annotations,
    }
    coco.createIndex()
    found = [
        {
            "image_id": image_ids[p.stem],
            "category_id": class_ids[p.box.class_name],
            "bbox": [p.box.xyxy[0], p.box.xyxy[1], p.box.xyxy[2] - p.box.xyxy[0], p.box.xyxy[3] - p.box.xyxy[1]],
            "score": p.score,
        }
        for p in predictions
    ]
    return coco, coco.loadRes(found) if found else COCO()
