"""Which detections were right, kept so that mAP can be had for any selection of the test images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from fusion.storage import load_tensors, save_tensors

RECALLS = np.linspace(0, 1, 101)  # COCO's
THRESHOLDS = 10  # IoU .50, .55, .., .95
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DetectionMatches:
    """How D detections of C classes on I images fared.

    `image` and `class_number` are (D,) indices, `score` is (D,), `right` (D, 10) says at each IoU threshold whether a
    true box is met, and `true` (I, C) counts the true boxes. Detections stand in the order in which pycocotools ranks
    equal scores.
    """

    image: Integers
    class_number: Integers
    score: Floats
    right: npt.NDArray[np.bool_]
    true: Integers

    def save(self, path: Path) -> None:
        """Write all arrays to one file, atomically."""
        save_tensors(path, {name: torch.from_numpy(array) for name, array in vars(self).items()}, {})

    @classmethod
    def load(cls, path: Path) -> DetectionMatches:
        """Read what `save` wrote.

        Raises:
            InputError: the file is missing or no such file.
        """
        tensors, _ = load_tensors(path)
        return cls(**{name: tensor.numpy() for name, tensor in tensors.items()})


def collect_matches(evaluation: Any, images: int, classes: int) -> DetectionMatches:
    """Take over what a `COCOeval` found; images and classes are numbered from 1, and no box is to be ignored."""
    true = np.zeros((images, classes), np.int64)
    parts: list[tuple[int, int, Floats, npt.NDArray[np.bool_]]] = []
    for record in evaluation.evalImgs:
        if record is None or record["aRng"] != evaluation.params.areaRng[0]:
            continue
        image, number = record["image_id"] - 1, record["category_id"] - 1
        true[image, number] = len(record["gtIds"])
        parts.append((image, number, np.array(record["dtScores"]), np.array(record["dtMatches"]).T > 0))
    counts = [len(scores) for _, _, scores, _ in parts]
    return DetectionMatches(
        np.repeat([image for image, *_ in parts], counts).astype(np.int64),
        np.repeat([number for _, number, *_ in parts], counts).astype(np.int64),
        np.concatenate([np.zeros(0), *(scores for *_, scores, _ in parts)]),
        np.concatenate([np.zeros((0, THRESHOLDS), bool), *(right.reshape(-1, THRESHOLDS) for *_, right in parts)]),
        true,
    )


def resampled_map(matches: DetectionMatches, weights: Integers) -> Floats:
    """Compute mAP as if every test image stood in the set as often as its weight says.

    Args:
        matches: of one detector.
        weights: (R, I), one line for each selection of images.

    Returns:
        (R, 10): the mean over the classes that have a true box, at IoU .50, .55, .., .95; NaN without any.

    Verified against: pycocotools on sets in which the images really are repeated, 1e-12.
    """
    resamples, classes = len(weights), matches.true.shape[1]
    precision = np.full((classes, resamples, THRESHOLDS), np.nan)
    for number in range(classes):
        chosen = np.flatnonzero(matches.class_number == number)
        chosen = chosen[np.argsort(-matches.score[chosen], kind="mergesort")]
        image, right = matches.image[chosen], matches.right[chosen]
        hits = [np.flatnonzero(right[:, k]) for k in range(THRESHOLDS)]
        true = weights @ matches.true[:, number]
        for line in np.flatnonzero(true):
            counted = weights[line][image]
            seen = np.cumsum(counted)
            for k, hit in enumerate(hits):
                precision[number, line, k] = _average_precision(counted[hit], seen[hit], true[line])
    defined = ~np.isnan(precision)
    total = np.where(defined, precision, 0).sum(axis=0)
    mean: Floats = np.divide(total, defined.sum(axis=0), out=np.full_like(total, np.nan), where=defined.any(axis=0))
    return mean


def _average_precision(counted: Integers, seen: Integers, true: int) -> float:
    """Average the precision at recall 0, .01, .., 1, where precision and recall change: at the hits.

    Args:
        counted: how often each hit is in the set, the surest first.
        seen: how many detections are as sure or surer, itself included.
        true: number of true boxes.
    """
    there = counted > 0
    found = np.cumsum(counted[there])
    precision = np.maximum.accumulate((found / seen[there])[::-1])[::-1]
    first = np.searchsorted(found / true, RECALLS, side="left")
    return float(np.append(precision, 0.0)[np.minimum(first, len(precision))].mean())
