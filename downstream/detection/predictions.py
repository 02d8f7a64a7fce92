"""Predicted boxes, and how they are kept in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from downstream.datasets import Box
from fusion.storage import read_json, write_json


@dataclass(frozen=True)
class Prediction:
    """One box a detector found in the image named `stem`, with its confidence in [0, 1]."""

    stem: str
    box: Box
    score: float


def save_predictions(path: Path, predictions: Sequence[Prediction]) -> None:
    """Write predictions as a JSON list, coordinates to a hundredth of a pixel."""
    rows = [
        {"image": p.stem, "class": p.box.class_name, "xyxy": [round(v, 2) for v in p.box.xyxy], "score": p.score}
        for p in predictions
    ]
    write_json(path, rows)


def load_predictions(path: Path) -> list[Prediction]:
    """Read what `save_predictions` wrote."""
    return [Prediction(row["image"], Box(row["class"], tuple(row["xyxy"])), row["score"]) for row in read_json(path)]
