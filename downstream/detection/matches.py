"""Which detections match a ground-truth box, stored so that mAP can be computed for any resample of the images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fusion.errors import InputError

RECALLS = np.linspace(0, 1, 101)  # COCO's
THRESHOLDS = 10  # IoU .50, .55, .., .95
_LARGEST = 4_000_000  # numbers held at once, to limit memory
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_NAMES = {  # of the arrays in a file
    "image": "image",
    "class_number": "class_number",
    "score": "score",
    "is_tp": "right",
    "num_gt": "true",
    "is_ignored": "ignored",
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
        num_gt: (I, C) number of ground-truth boxes, those to be ignored left out.
        is_ignored: (D, 10) whether the detection matches a box to be ignored: it is neither right nor wrong.
    """

    image: Integers
    class_number: Integers
    score: Floats
    is_tp: npt.NDArray[np.bool_]
    num_gt: Integers
    is_ignored: npt.NDArray[np.bool_]

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
        evaluation: after `evaluate`; image and category ids start at 1.
        images: number of images.
        classes: number of classes.
    """
    num_gt = np.zeros((images, classes), np.int64)
    parts: list[tuple[int, int, Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]] = []
    for record in evaluation.evalImgs:
        if record is None or record["aRng"] != evaluation.params.areaRng[0]:
            continue
        image, number = record["image_id"] - 1, record["category_id"] - 1
        num_gt[image, number] = np.sum(np.logical_not(record["gtIgnore"]))
        ignored = np.array(record["dtIgnore"], bool).T.reshape(-1, THRESHOLDS)
        is_tp = (np.array(record["dtMatches"]).T > 0).reshape(-1, THRESHOLDS) & ~ignored
        parts.append((image, number, np.array(record["dtScores"]), is_tp, ignored))
    counts = [len(scores) for _, _, scores, *_ in parts]
    none = np.zeros((0, THRESHOLDS), bool)
    return DetectionMatches(
        np.repeat([image for image, *_ in parts], counts).astype(np.int64),
        np.repeat([number for _, number, *_ in parts], counts).astype(np.int64),
        np.concatenate([np.zeros(0), *(scores for _, _, scores, *_ in parts)]),
        np.concatenate([none, *(is_tp for *_, is_tp, _ in parts)]),
        num_gt,
        np.concatenate([none, *(ignored for *_, ignored in parts)]),
    )


def bootstrap_ap(matches: DetectionMatches, counts: Integers) -> Floats:
    """Compute the average precision of every class for bootstrap resamples of the test images.

    Args:
        matches: of one detector on I images.
        counts: (R, I), how often each image occurs in each of R resamples; ones for the test set itself.

    Returns:
        (R, C, 10) in [0, 1] by resample, class and IoU threshold .50, .55, .., .95; NaN where a resample has no
        ground-truth box of the class. mAP is the mean over the classes that are defined.

    Verified against: pycocotools on test sets in which the images are repeated, 1e-12.

    Example:
        >>> matches = DetectionMatches(  # image 0: one box, found; image 1: one box, missed, and one false positive
        ...     image=np.array([0, 1]),
        ...     class_number=np.array([0, 0]),
        ...     score=np.array([0.9, 0.8]),
        ...     is_tp=np.array([[True] * 10, [False] * 10]),
        ...     num_gt=np.array([[1], [1]]),
        ...     is_ignored=np.zeros((2, 10), bool),
        ... )
        >>> bootstrap_ap(matches, np.array([[1, 1], [2, 0], [0, 2]]))[:, 0, 0].round(3).tolist()
        [0.505, 1.0, 0.0]
    """
    classes = matches.num_gt.shape[1]
    found = np.full((len(counts), classes, THRESHOLDS), np.nan)
    for number in range(classes):
        chosen = np.flatnonzero(matches.class_number == number)
        chosen = chosen[np.argsort(-matches.score[chosen], kind="mergesort")]
        image, is_tp, counted = matches.image[chosen], matches.is_tp[chosen], ~matches.is_ignored[chosen]
        all_count = bool(counted.all())
        num_gt = counts @ matches.num_gt[:, number]  # (R,)
        size = max(1, _LARGEST // max(1, len(chosen)))
        with_truth = np.flatnonzero(num_gt)
        for resamples in (with_truth[start : start + size] for start in range(0, len(with_truth), size)):
            repeats = counts[resamples][:, image]
            rank = repeats.cumsum(axis=1)
            for k in range(THRESHOLDS):
                if not all_count:
                    rank = (repeats * counted[:, k]).cumsum(axis=1)
                hits = np.flatnonzero(is_tp[:, k])
                found[resamples, number, k] = _average_precision(repeats[:, hits], rank[:, hits], num_gt[resamples])
    return found


def _average_precision(repeats: Integers, rank: Integers, num_gt: Integers) -> Floats:
    """Average the interpolated precision at recall 0, .01, .., 1.

    Precision and recall only change at true positives, so only these H are passed, in order of falling score.

    Args:
        repeats: (R, H) how often the image of each true positive occurs in each resample.
        rank: (R, H) number of detections with the same or a higher score, the true positive included.
        num_gt: (R,) number of ground-truth boxes, above 0.

    Returns:
        (R,) in [0, 1].
    """
    resamples, hits = repeats.shape
    found = repeats.cumsum(axis=1)
    precision = np.zeros((resamples, hits + 1))  # the last one is that of a recall that is never reached
    precision[:, :hits] = np.maximum.accumulate((found / np.maximum(rank, 1))[:, ::-1], axis=1)[:, ::-1]
    sizes, which = np.unique(num_gt, return_inverse=True)
    needed = np.stack([np.searchsorted(np.arange(n + 1) / n, RECALLS) for n in sizes])[which]  # (R, 101) boxes
    apart = np.arange(resamples)[:, None] * (int(num_gt.max()) + 1)  # makes one sorted list of all resamples
    first = np.searchsorted((found + apart).ravel(), (needed + apart).ravel()).reshape(needed.shape)
    position = first - np.arange(resamples)[:, None] * hits
    mean: Floats = np.take_along_axis(precision, position, axis=1).mean(axis=1)
    return mean
