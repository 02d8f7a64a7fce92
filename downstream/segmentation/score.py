"""Score predicted masks by intersection over union, from one confusion matrix over the whole test set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from downstream.datasets import IGNORED, Mask
from downstream.scores import Score

Confusion = npt.NDArray[np.int64]


def confusion_matrix(truth: Mask, predicted: Mask, classes: int) -> Confusion:
    """Count pixels by ground-truth class (rows) and predicted class (columns).

    Args:
        truth: (H, W) uint8 class numbers 0..C-1; pixels of value 255 are ignored.
        predicted: (H, W) uint8 class numbers 0..C-1.
        classes: number of classes C.

    Returns:
        (C, C) int64.

    Raises:
        ValueError: the shapes differ, or a pixel that counts has a number above C-1.

    Verified against: scikit-learn's confusion_matrix, exactly.

    Example:
        >>> truth = np.array([[0, 0, 1, 255]], np.uint8)
        >>> predicted = np.array([[0, 1, 1, 0]], np.uint8)
        >>> confusion_matrix(truth, predicted, classes=2).tolist()
        [[1, 1], [0, 1]]
    """
    if truth.shape != predicted.shape:
        raise ValueError(f"shapes differ: truth {truth.shape}, prediction {predicted.shape}")
    known = truth != IGNORED
    of_truth, of_prediction = truth[known].astype(np.int64), predicted[known].astype(np.int64)
    highest = max(of_truth.max(initial=0), of_prediction.max(initial=0))
    if highest >= classes:
        raise ValueError(f"class number {highest}; expected 0..{classes - 1}")
    return np.bincount(of_truth * classes + of_prediction, minlength=classes**2).reshape(classes, classes)


def class_shares(confusion: Confusion) -> npt.NDArray[np.float64]:
    """Normalise the rows of a confusion matrix: which share of a class was predicted as which class.

    Args:
        confusion: (C, C), rows by ground truth.

    Returns:
        (C, C) in [0, 1]; each row sums to 1, or is zero for a class without pixels.

    Example:
        >>> class_shares(np.array([[3, 1], [0, 0]])).tolist()
        [[0.75, 0.25], [0.0, 0.0]]
    """
    shares: npt.NDArray[np.float64] = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    return shares


def class_ious(confusion: Confusion) -> list[float | None]:
    """Compute the intersection over union of each class, in [0, 1].

    Args:
        confusion: (C, C), rows by ground truth.

    Returns:
        C values; None for a class without ground truth. So the classes of a mean depend on the test set alone and are
        the same for all networks; where such a class is predicted, it counts against the class that is really there.

    Example:
        >>> class_ious(np.array([[2, 1, 1], [0, 1, 0], [0, 0, 0]]))
        [0.5, 0.5, None]
    """
    both, truth = np.diag(confusion), confusion.sum(axis=1)
    either = confusion.sum(axis=0) + truth - both
    return [float(hit / union) if there else None for hit, union, there in zip(both, either, truth, strict=True)]


def mean_iou(ious: Sequence[float | None]) -> float | None:
    """Average the values that are defined; None if none is.

    Example:
        >>> mean_iou([0.5, 1.0, None])
        0.75
    """
    defined = [iou for iou in ious if iou is not None]
    return sum(defined) / len(defined) if defined else None


def bootstrap_ious(confusions: Confusion, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Compute the intersection over union of every class for bootstrap resamples of the test images.

    Args:
        confusions: (I, C, C), one confusion matrix per image.
        counts: (R, I), how often each image occurs in each of R resamples; ones for the test set itself.

    Returns:
        (R, C) in [0, 1]; NaN where a class is not in the ground truth of the resample. mIoU is the mean over the
        classes that are defined.

    Example:
        >>> confusions = np.array([[[4, 0], [0, 0]], [[1, 1], [0, 2]]])  # image 0 is predicted perfectly
        >>> bootstrap_ious(confusions, np.array([[1, 1], [2, 0]])).round(3).tolist()
        [[0.833, 0.667], [1.0, nan]]
    """
    totals = np.tensordot(counts, confusions, axes=1)  # (R, C, C)
    both, truth = np.diagonal(totals, axis1=1, axis2=2), totals.sum(axis=2)  # (R, C)
    either = totals.sum(axis=1) + truth - both
    ious: npt.NDArray[np.float64] = np.divide(both, either, out=np.full(both.shape, np.nan), where=truth > 0)
    return ious


def score_confusion(confusion: Confusion, classes: Sequence[str], images: int) -> list[Score]:
    """Compute mIoU (with the background, class 0), mIoU without it, pixel accuracy, and the IoU of each class.

    Args:
        confusion: (C, C), summed over all test images.
        classes: class names in the order of the class numbers.
        images: number of test images.

    Returns:
        The scores in this order, each in [0, 1] or None if undefined.

    Source: MSRS, as usual in the field: one matrix over the whole test set, not a mean over images.
    Verified against: scikit-learn's confusion_matrix and jaccard_score, 1e-12.

    Example:
        >>> for score in score_confusion(np.array([[3, 1], [0, 4]]), ["background", "car"], images=1):
        ...     print(score.metric, score.class_name, round(score.value, 3), score.n)
        mIoU all 0.775 1
        mIoU_foreground all 0.8 1
        pixel_accuracy all 0.875 1
        IoU background 0.75 4
        IoU car 0.8 4
    """
    ious, total = class_ious(confusion), confusion.sum()
    accuracy = float(np.trace(confusion) / total) if total else None
    return [
        Score("mIoU", "all", mean_iou(ious), images),
        Score("mIoU_foreground", "all", mean_iou(ious[1:]), images),
        Score("pixel_accuracy", "all", accuracy, images),
        *(
            Score("IoU", name, iou, int(confusion[number].sum()))
            for number, (name, iou) in enumerate(zip(classes, ious, strict=True))
        ),
    ]
