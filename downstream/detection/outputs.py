"""The files that a detector leaves: weights, training log and predictions; ultralytics is not needed to read them."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from downstream.datasets import Box
from fusion.errors import InputError
from fusion.storage import read_json, write_json

_LOSS = "train/"  # prefix of every training loss in the log


@dataclass(frozen=True)
class Prediction:
    """One detected box.

    Attributes:
        stem: of the image file.
        box: class and corners in pixels of the image.
        score: confidence in [0, 1].
    """

    stem: str
    box: Box
    score: float


def save_predictions(path: Path, predictions: Sequence[Prediction]) -> None:
    """Write predictions as a JSON list, atomically; coordinates are rounded to 0.01 pixels."""
    rows = [
        {"image": p.stem, "class": p.box.class_name, "xyxy": [round(v, 2) for v in p.box.xyxy], "score": p.score}
        for p in predictions
    ]
    write_json(path, rows)


def load_predictions(path: Path) -> list[Prediction]:
    """Read a file of `save_predictions`."""
    return [Prediction(row["image"], Box(row["class"], tuple(row["xyxy"])), row["score"]) for row in read_json(path)]


def detector_weights(out_dir: Path) -> Path:
    """Return the path of the weights that `train_detector` writes to `out_dir`."""
    return out_dir / "run" / "weights" / "last.pt"


def training_losses(out_dir: Path) -> dict[int, float]:
    """Read the training loss of each epoch from the log of `train_detector`.

    Only the columns of losses are read: the row of the last epoch has no validation columns, which are zero in the
    other rows. If an epoch is repeated in the log, its last row counts.

    Args:
        out_dir: the folder of the training.

    Returns:
        The sum of all training losses by epoch, from 1; epochs with a loss that is not finite are left out.

    Raises:
        InputError: there is no log.
    """
    path = out_dir / "run" / "results.csv"
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), skipinitialspace=True))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    sums = {
        int(row["epoch"]): sum(float(value) for name, value in row.items() if name and name.startswith(_LOSS))
        for row in rows
    }
    return {epoch: loss for epoch, loss in sorted(sums.items()) if math.isfinite(loss)}
