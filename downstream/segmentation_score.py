"""How well predicted masks agree with the truth, from one confusion matrix over all images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from downstream.masks import IGNORED, Mask

Confusion = npt.NDArray[np.int64]


def confusion_matrix(truth: Mask, predicted: Mask, classes: int) -> Confusion:
    """Count pixels by true class (rows) and predicted class (columns), (C, C); `IGNORED` truth is left out."""
    known = truth != IGNORED
    cells = truth[known].astype(np.int64) * classes + predicted[known]
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def class_ious(confusion: Confusion) -> list[float | None]:
    """Give intersection over union of each class, None for one that is in neither truth nor prediction."""
    common = confusion.diagonal()
    union = confusion.sum(0) + confusion.sum(1) - common
    return [int(c) / int(u) if u else None for c, u in zip(common, union, strict=True)]
