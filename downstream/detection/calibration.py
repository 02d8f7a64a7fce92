"""Turn the scores of a detector into probabilities, so that those of several networks can be combined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from downstream.detection.matches import DetectionMatches
from downstream.detection.outputs import Prediction
from fusion.errors import InputError
from fusion.storage import read_json, write_json

_STEPS, _CONVERGED = 100, 1e-10
_SURE = 1e-6  # the least distance of a score from 0 and 1
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """How the score s of one network becomes the probability of a true box: 1 / (1 + exp(-slope logit(s) - offset)).

    The slope is not negative, so that the order of the boxes remains. The default changes nothing.
    """

    slope: float = 1.0
    offset: float = 0.0

    def apply(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        """Return predictions with calibrated scores.

        Example:
            >>> from downstream.datasets import Box
            >>> [one.score for one in Calibration(0, 0).apply([Prediction("1", Box("car", (0, 0, 1, 1)), 0.9)])]
            [0.5]
        """
        scores = self.probabilities(np.array([one.score for one in predictions], float))
        return [replace(one, score=score) for one, score in zip(predictions, scores.tolist(), strict=True)]

    def probabilities(self, scores: Floats) -> Floats:
        """Convert scores (N,) in [0, 1] to probabilities (N,)."""
        p: Floats = 1 / (1 + np.exp(-self.slope * _logits(scores) - self.offset))
        return p

    def save(self, path: Path) -> None:
        """Write the calibration as JSON, atomically."""
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read a file of `save`.

        Raises:
            InputError: the file is missing or contains something else.
        """
        try:
            return cls(**read_json(path))
        except TypeError as error:
            raise InputError(f"{path}: not a saved calibration (expected slope and offset)") from error


def fit_calibration(matches: DetectionMatches) -> Calibration:
    """Fit the calibration of one network by Platt's method, all classes together.

    A box is true if it matches ground truth at IoU .5; boxes that match an object to be ignored are left out. Platt's
    targets, slightly off 0 and 1, keep the fit finite even where all boxes are true. Without any box, nothing changes.

    Args:
        matches: on images that are not tested.

    Source: Platt, Probabilistic outputs for support vector machines (1999), on the logit of the score.
    Verified against: scikit-learn's LogisticRegression without penalty on the same targets, 1e-4.
    """
    counted = ~matches.is_ignored[:, 0]
    logits, is_true = _logits(matches.score[counted]), matches.is_tp[counted, 0]
    if not is_true.size:
        return Calibration()
    true, false = int(is_true.sum()), int((~is_true).sum())
    targets = np.where(is_true, (true + 1) / (true + 2), 1 / (false + 2))
    slope, offset = _logistic(logits, targets)
    if slope >= 0:
        return Calibration(slope, offset)
    mean = float(targets.mean())
    return Calibration(0.0, float(np.log(mean / (1 - mean))))


def _logits(scores: Floats) -> Floats:
    p = scores.clip(_SURE, 1 - _SURE)
    logits: Floats = np.log(p / (1 - p))
    return logits


def _logistic(x: Floats, targets: Floats) -> tuple[float, float]:
    """Minimise the cross-entropy of sigmoid(slope x + offset), (N,), to the targets by Newton's method."""
    features = np.column_stack([x, np.ones_like(x)])
    weights = np.zeros(2)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-features @ weights))
        gradient = features.T @ (p - targets)
        hessian = features.T @ (features * (p * (1 - p))[:, None]) + 1e-9 * np.eye(2)  # equal scores: a flat direction
        step = np.linalg.solve(hessian, gradient)
        step *= min(1.0, 2 / np.abs(step).max()) if step.any() else 1.0
        weights -= step
        if np.abs(step).max() < _CONVERGED:
            break
    return float(weights[0]), float(weights[1])
