"""Score some of the test images again, from what the scoring stage of a run left behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from downstream.datasets import LabelledPair
from downstream.detection import load_predictions
from downstream.scores import Score
from downstream.segmentation import score_confusion
from pipelines.rows.mask_scoring import load_confusions

SubsetScorer = Callable[[Sequence[str]], Sequence[Score]]


def detection_scorer(folder: Path, test: Sequence[LabelledPair], classes: Sequence[str]) -> SubsetScorer:
    """Give what scores the boxes found in the images of given stems.

    Args:
        folder: of the stage score_task of a run.
        test: all test images with their true boxes.
        classes: all of the data set.
    """
    from downstream.detection import score_detections  # of the extra `detect`

    found = load_predictions(folder / "predictions.json")

    def score(stems: Sequence[str]) -> Sequence[Score]:
        chosen = set(stems)
        truth = [item for item in test if item.pair.stem in chosen]
        return score_detections(truth, [p for p in found if p.stem in chosen], classes).scores

    return score


def segmentation_scorer(folder: Path, classes: Sequence[str]) -> SubsetScorer:
    """Give what scores the masks of the images of given stems; arguments as `detection_scorer`."""
    return lambda stems: score_confusion(load_confusions(folder, stems).sum(axis=0), classes, len(stems))
