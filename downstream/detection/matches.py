"""Which detections match a ground-truth box, stored so that mAP can be computed for any resample of the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fusion.errors import InputError

RECALLS = np.linspace(0, 1, 101)  # COCO's
THRESHOLDS = 10  # IoU .50, .55, .., .95
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_NAMES = {  # of the arrays in a file
    "image": "image",
    "class_number": "class_number",
    "score": "score",
    "is_tp": "right",
    "num_gt": "true",
}


@dataclass(frozen=True)
class DetectionMatches:
    """The D detections of C classes on I images, and whether each is a true positive.

    Detections are in the order in which pycocotools ranks equal scores.

    Attributes:
        image: (D,) index of the image.
        class_number: (D,) index of the class.
        score: (D,) confidence.
        is_tp: (D, 10) whether the detection matches a ground-truth box at IoU .50, .55, .., .95.
        num_gt: (I, C) number of ground-truth boxes.
    """

    image: Integers
    class_number: Integers
    score: Floats
    is_tp: npt.NDArray[np.bool_]
    num_gt: Integers

    def save(self, path: Path) -> None:
        """Write all arrays to one safetensors file, atomically."""
        import torch

        from fusion.storage import save_tensors

        save_tensors(path, {_NAMES[name]: torch.from_numpy(array) for name, array in vars(self).items()}, {})

    @classmethod
    def load(cls, path: Path) -> DetectionMatches:
        """Read a file of `save`.

        Raises:
            InputError: the file is missing or contains something else.
        """
        from fusion.storage import load_tensors

        tensors, _ = load_tensors(path)
        if tensors.keys() != set(_NAMES.values()):
            found = ", ".join(tensors) or "none"
            raise InputError(f"{path}: not saved matches (found {found}, expected {', '.join(_NAMES.values())})")
        return cls(**{name: tensors[stored].numpy() for name, stored in _NAMES.items()})


def collect_matches(evaluation: Any, images: int, classes: int) -> DetectionMatches:
    """Extract the matches from an evaluated `COCOeval`.

    Args:
        evaluation: after `evaluate`; image and category ids start at 1, and no box is a crowd.
        images: number of images.
        classes: number of classes.
    """
    num_gt = np.zeros((images, classes), np.int64)
    parts: list[tuple[int, int, Floats, npt.NDArray[np.bool_]]] = []
    for record in evaluation.evalImgs:
        if record is None or record["aRng"] != evaluation.params.areaRng[0]:
            continue
        image, number = record["image_id"] - 1, record["category_id"] - 1
        num_gt[image, number] = len(record["gtIds"])
        parts.append((image, number, np.array(record["dtScores"]), np.array(record["dtMatches"]).T > 0))
    counts = [len(scores) for _, _, scores, _ in parts]
    return DetectionMatches(
        np.repeat([image for image, *_ in parts], counts).astype(np.int64),
        np.repeat([number for _, number, *_ in parts], counts).astype(np.int64),
        np.concatenate([np.zeros(0), *(scores for *_, scores, _ in parts)]),
        np.concatenate([np.zeros((0, THRESHOLDS), bool), *(is_tp.reshape(-1, THRESHOLDS) for *_, is_tp in parts)]),
        num_gt,
    )


def bootstrap_map(matches: DetectionMatches, counts: Integers, thresholds: Sequence[int] = range(THRESHOLDS)) -> Floats:
    """Compute mAP for bootstrap resamples of the test images.

    Args:
        matches: of one detector on I images.
        counts: (R, I), how often each image occurs in each of R resamples; ones for the test set itself.
        thresholds: T indices into the IoU thresholds .50, .55, .., .95; each takes as long as another.

    Returns:
        (R, T) in [0, 1]: the mean over the classes that have a ground-truth box in the resample; NaN if no class has
        one.

    Verified against: pycocotools on test sets in which the images are repeated, 1e-12.

    Example:
        >>> matches = DetectionMatches(  # image 0: one box, found; image 1: one box, missed, and one false positive
        ...     image=np.array([0, 1]),
        ...     class_number=np.array([0, 0]),
        ...     score=np.array([0.9, 0.8]),
        ...     is_tp=np.array([[True] * 10, [False] * 10]),
        ...     num_gt=np.array([[1], [1]]),
        ... )
        >>> bootstrap_map(matches, np.array([[1, 1], [2, 0], [0, 2]]))[:, 0].round(3).tolist()
        [0.505, 1.0, 0.0]
    """
    resamples, classes = len(counts), matches.num_gt.shape[1]
    precision = np.full((classes, resamples, len(thresholds)), np.nan)
    for number in range(classes):
        chosen = np.flatnonzero(matches.class_number == number)
        chosen = chosen[np.argsort(-matches.score[chosen], kind="mergesort")]
        image, is_tp = matches.image[chosen], matches.is_tp[chosen]
        hits = [np.flatnonzero(is_tp[:, k]) for k in thresholds]
        num_gt = counts @ matches.num_gt[:, number]  # (R,)
        for resample in np.flatnonzero(num_gt):
            repeats = counts[resample][image]
            rank = np.cumsum(repeats)
            for k, hit in enumerate(hits):
                precision[number, resample, k] = _average_precision(repeats[hit], rank[hit], num_gt[resample])
    defined = ~np.isnan(precision)
    total = np.where(defined, precision, 0).sum(axis=0)
    mean: Floats = np.divide(total, defined.sum(axis=0), out=np.full_like(total, np.nan), where=defined.any(axis=0))
    return mean


def _average_precision(repeats: Integers, rank: Integers, num_gt: int) -> float:
    """Average the interpolated precision at recall 0, .01, .., 1.

    Precision and recall only change at true positives, so only these are passed, in order of falling score.

    Args:
        repeats: how often the image of each true positive occurs in the resample.
        rank: number of detections with the same or a higher score, the true positive included.
        num_gt: number of ground-truth boxes.
    """
    present = repeats > 0
    found = np.cumsum(repeats[present])
    precision = np.maximum.accumulate((found / rank[present])[::-1])[::-1]
    first = np.searchsorted(found / num_gt, RECALLS, side="left")
    return float(np.append(precision, 0.0)[np.minimum(first, len(precision))].mean())
