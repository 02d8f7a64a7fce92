from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as reference_confusion
from sklearn.metrics import jaccard_score

from downstream.segmentation.score import bootstrap_ious, class_ious, confusion_matrix, mean_iou, score_confusion

CLASSES = ("background", "car", "person", "bike")


def masks(seed: int, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, classes, (37, 23)).astype(np.uint8)
    guess = random.integers(0, classes, truth.shape)
    predicted = np.where(random.random(truth.shape) < 0.6, truth, guess).astype(np.uint8)
    truth[random.random(truth.shape) < 0.1] = 255
    return truth, predicted


def by_name(scores):
    return {(score.metric, score.class_name): score for score in scores}


@pytest.mark.parametrize("seed", range(5))
def test_scores_agree_with_scikit_learn(seed: int) -> None:
    truth, predicted = masks(seed)
    known = truth != 255
    confusion = confusion_matrix(truth, predicted, 4)
    assert (confusion == reference_confusion(truth[known], predicted[known], labels=range(4))).all()
    expected = jaccard_score(truth[known], predicted[known], labels=range(4), average=None)
    assert class_ious(confusion) == pytest.approx(expected, abs=1e-12)
    scores = by_name(score_confusion(confusion, CLASSES, 1))
    assert scores["mIoU", "all"].value == pytest.approx(expected.mean(), abs=1e-12)
    assert scores["mIoU_foreground", "all"].value == pytest.approx(expected[1:].mean(), abs=1e-12)
    assert scores["pixel_accuracy", "all"].value == pytest.approx((truth == predicted)[known].mean(), abs=1e-12)
    assert scores["IoU", "person"].n == (truth == 2).sum()


def test_one_matrix_over_all_images_is_not_the_mean_over_images() -> None:
    first = np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8)
    second = np.array([[1, 1, 1, 0]], np.uint8), np.array([[1, 0, 0, 0]], np.uint8)
    total = sum(confusion_matrix(*pair, 2) for pair in (first, second))
    assert class_ious(total) == pytest.approx([17 / 19, 1 / 3])


def test_an_absent_class_is_undefined_and_left_out_of_the_mean() -> None:
    truth = np.array([[0, 0, 1, 1]], np.uint8)
    scores = by_name(score_confusion(confusion_matrix(truth, truth, 4), CLASSES, 1))
    assert scores["IoU", "person"].value is None
    assert scores["mIoU", "all"].value == 1.0


def test_the_classes_of_a_mean_are_those_of_the_truth_whatever_is_predicted() -> None:
    truth = np.array([[0, 0, 1, 1]], np.uint8)
    for wrong in (0, 2):  # a class that is there, and one that is not
        confusion = confusion_matrix(truth, np.array([[0, 0, 1, wrong]], np.uint8), 3)
        assert class_ious(confusion)[1:] == [0.5, None]
    ious = class_ious(confusion_matrix(truth, np.array([[0, 0, 1, 2]], np.uint8), 3))
    assert mean_iou(ious) == 0.75  # with the predicted class as a zero it would be 0.5


def test_ignored_pixels_do_not_count() -> None:
    truth, predicted = np.array([[0, 255]], np.uint8), np.array([[0, 1]], np.uint8)
    assert confusion_matrix(truth, predicted, 2).sum() == 1
    nothing = score_confusion(
        confusion_matrix(np.full((2, 2), 255, np.uint8), np.zeros((2, 2), np.uint8), 2), CLASSES[:2], 1
    )
    assert [score.value for score in nothing] == [None] * 5


def test_unequal_shapes_and_unknown_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        confusion_matrix(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8), 2)
    with pytest.raises(ValueError, match=r"class number 2; expected 0\.\.1"):
        confusion_matrix(np.zeros((1, 1), np.uint8), np.full((1, 1), 2, np.uint8), 2)


def test_counts_equal_repeated_images() -> None:
    confusions = np.stack([confusion_matrix(*masks(seed, classes=3), 4) for seed in range(5)])
    counts = np.array([[1, 1, 1, 1, 1], [0, 3, 0, 1, 1], [2, 0, 0, 0, 0]])
    expected = [class_ious(np.repeat(confusions, resample, axis=0).sum(axis=0)) for resample in counts]
    found = bootstrap_ious(confusions, counts)
    assert found == pytest.approx(np.array(expected, float), abs=1e-12, nan_ok=True)  # None becomes NaN
    assert np.nanmean(found[0]) == pytest.approx(mean_iou(expected[0]))
    assert np.isnan(bootstrap_ious(confusions, np.zeros((1, 5), np.int64))).all()
