"""What the scoring stage of a run leaves behind, and scoring some of its test images again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np

from downstream.datasets import LabelledPair, MaskedPair, read_mask
from downstream.detection import load_predictions
from downstream.scores import Score
from downstream.segmentation import Confusion, confusion_matrix, score_confusion
from fusion.storage import read_json, write_json

MATCHES = "matches.safetensors"  # of a detection run: which detections are true positives
PREDICTIONS = "predictions.json"  # of a detection run: all boxes
CURVES = "curves.json"  # of a detection run: precision by recall
SCORES = "scores.json"
_CONFUSIONS = "confusions.json"

SubsetScorer = Callable[[Sequence[str]], Sequence[Score]]


def score_masks(out_dir: Path, test: Sequence[MaskedPair], masks_dir: Path, classes: Sequence[str]) -> list[Score]:
    """Compare `masks_dir`/STEM.png with the ground truth of every test image.

    Writes the confusion matrix of every image, by stem, into `out_dir`.

    Raises:
        InputError: a mask is missing, or holds a value that is not a class.
    """
    by_stem = {
        item.pair.stem: confusion_matrix(
            read_mask(item.mask, classes, item.values),
            read_mask(masks_dir / f"{item.pair.stem}.png", classes),
            len(classes),
        )
        for item in test
    }
    write_json(out_dir / _CONFUSIONS, {stem: confusion.tolist() for stem, confusion in by_stem.items()})
    return score_confusion(np.sum(list(by_stem.values()), axis=0), classes, len(test))


def load_confusions(folder: Path, stems: Collection[str] | None = None) -> Confusion:
    """Read what `score_masks` wrote.

    Args:
        folder: that it wrote to.
        stems: of the images wanted; all if None.

    Returns:
        (I, C, C) pixel counts, images sorted by stem, ground truth in rows, predictions in columns.
    """
    by_stem = read_json(folder / _CONFUSIONS)
    return np.array([by_stem[stem] for stem in sorted(by_stem) if stems is None or stem in stems], np.int64)


def detection_scorer(folder: Path, test: Sequence[LabelledPair], classes: Sequence[str]) -> SubsetScorer:
    """Return a function that scores the boxes of the images with given stems.

    Args:
        folder: of the scoring stage of a run.
        test: all test images with their ground truth.
        classes: all of the data set.
    """
    from downstream.detection import score_detections

    found = load_predictions(folder / PREDICTIONS)

    def score(stems: Sequence[str]) -> Sequence[Score]:
        chosen = set(stems)
        truth = [item for item in test if item.pair.stem in chosen]
        return score_detections(truth, [p for p in found if p.stem in chosen], classes).scores

    return score


def segmentation_scorer(folder: Path, classes: Sequence[str]) -> SubsetScorer:
    """Return a function that scores the masks of the images with given stems; arguments as `detection_scorer`."""
    return lambda stems: score_confusion(load_confusions(folder, stems).sum(axis=0), classes, len(stems))
