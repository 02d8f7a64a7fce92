"""Score predicted masks by intersection over union, all from one confusion matrix over the whole test set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from downstream.datasets import IGNORED, Mask
from downstream.scores import Score

Confusion = npt.NDArray[np.int64]


def confusion_matrix(truth: Mask, predicted: Mask, classes: int) -> Confusion:
    """Count the pixels of every true class (rows) by what was predicted (columns).

    Args:
        truth: (H, W) class numbers; pixels of 255 are left out.
        predicted: (H, W) class numbers.
        classes: how many there are.

    Returns:
        (classes, classes).

    Raises:
        ValueError: shapes differ, or a number outside 0..classes-1 is to be counted.
    """
    if truth.shape != predicted.shape:
        raise ValueError(f"truth is {truth.shape}, prediction {predicted.shape}; expected equal shapes")
    known = truth != IGNORED
    of_truth, of_prediction = truth[known].astype(np.int64), predicted[known].astype(np.int64)
    highest = max(of_truth.max(initial=0), of_prediction.max(initial=0))
    if highest >= classes:
        raise ValueError(f"class number {highest}; expected 0..{classes - 1}")
    return np.bincount(of_truth * classes + of_prediction, minlength=classes**2).reshape(classes, classes)


def class_shares(confusion: Confusion) -> npt.NDArray[np.float64]:
    """Give which share of every true class (rows) was taken for which class; zeros for a class without pixels."""
    shares: npt.NDArray[np.float64] = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    return shares


def class_ious(confusion: Confusion) -> list[float | None]:
    """Give intersection over union of every class; None for one that is neither there nor predicted."""
    both = np.diag(confusion)
    either = confusion.sum(axis=0) + confusion.sum(axis=1) - both
    return [float(hit / union) if union else None for hit, union in zip(both, either, strict=True)]


def mean_iou(ious: Sequence[float | None]) -> float | None:
    """Give the mean of those that are defined; None if none is."""
    defined = [iou for iou in ious if iou is not None]
    return sum(defined) / len(defined) if defined else None


def resampled_miou(confusions: Confusion, weights: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Compute mIoU as if every test image stood in the set as often as its weight says.

    Args:
        confusions: (I, C, C), one matrix per image.
        weights: (R, I), one line for each selection of images.

    Returns:
        (R,): the mean over the classes that are in truth or prediction; NaN without any.
    """
    totals = np.tensordot(weights, confusions, axes=1)  # (R, C, C)
    both = np.diagonal(totals, axis1=1, axis2=2)
    either = totals.sum(axis=1) + totals.sum(axis=2) - both
    ious = np.divide(both, either, out=np.zeros(both.shape), where=either > 0)
    defined = (either > 0).sum(axis=1)
    mean: npt.NDArray[np.float64] = np.divide(
        ious.sum(axis=1), defined, out=np.full(len(weights), np.nan), where=defined > 0
    )
    return mean


def score_confusion(confusion: Confusion, classes: Sequence[str], images: int) -> list[Score]:
    """Give mIoU (the background, class 0, included), mIoU without it, pixel accuracy, and the IoU of each class.

    Args:
        confusion: summed over all test images.
        classes: in the order of the class numbers.
        images: how many were summed.

    Source: MSRS, as in protocols of the field: one matrix over the whole test set, not a mean over images.
    Verified against: scikit-learn's confusion_matrix and jaccard_score, 1e-12.
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
