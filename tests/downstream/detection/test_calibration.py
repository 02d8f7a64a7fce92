from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from downstream.datasets.boxes import Box
from downstream.detection.calibration import Calibration, fit_calibration
from downstream.detection.matches import DetectionMatches
from downstream.detection.outputs import Prediction
from fusion.errors import InputError


def matches(score: np.ndarray, is_tp: np.ndarray, is_ignored: np.ndarray | None = None) -> DetectionMatches:
    zeros = np.zeros(len(score), np.int64)
    ignored = np.zeros(len(score), bool) if is_ignored is None else is_ignored
    right, left_out = (np.repeat(one[:, None], 10, axis=1) for one in (is_tp, ignored))
    return DetectionMatches(zeros, zeros, score, right, np.array([[1]]), left_out)


def drawn(slope: float, offset: float, count: int = 40_000) -> DetectionMatches:
    rng = np.random.default_rng(0)
    score = rng.uniform(0.001, 0.999, count)
    return matches(score, rng.uniform(size=count) < Calibration(slope, offset).probabilities(score))


def test_the_calibration_that_boxes_were_drawn_by_is_found() -> None:
    found = fit_calibration(drawn(0.6, -1.2))
    assert (found.slope, found.offset) == pytest.approx((0.6, -1.2), abs=0.05)


def test_the_fit_equals_scikit_learn_on_the_same_targets() -> None:
    of = drawn(1.4, 0.3, 300)
    found = fit_calibration(of)
    true = int(of.is_tp[:, 0].sum())
    targets = np.where(of.is_tp[:, 0], (true + 1) / (true + 2), 1 / (300 - true + 2))
    logits = np.log(of.score / (1 - of.score))[:, None]
    oracle = LogisticRegression(C=1e12, tol=1e-10, max_iter=10_000).fit(  # soft targets as weighted labels
        np.concatenate([logits, logits]), np.repeat([1, 0], 300), np.concatenate([targets, 1 - targets])
    )
    assert (found.slope, found.offset) == pytest.approx((oracle.coef_[0, 0], oracle.intercept_[0]), abs=1e-4)


def test_ignored_boxes_do_not_count() -> None:
    of = drawn(1.0, 0.0, 200)
    ignored = np.arange(200) % 3 == 0
    kept = ~ignored
    with_ignored = matches(of.score, of.is_tp[:, 0] & kept, ignored)
    assert fit_calibration(with_ignored) == fit_calibration(matches(of.score[kept], of.is_tp[kept, 0]))


@pytest.mark.parametrize("is_tp", [True, False])
def test_a_network_that_is_always_right_or_always_wrong_has_a_finite_calibration(is_tp: bool) -> None:
    score = np.linspace(0.01, 0.99, 50)
    p = fit_calibration(matches(score, np.full(50, is_tp))).probabilities(score)
    assert p == pytest.approx(np.full(50, 51 / 52 if is_tp else 1 / 52), abs=1e-3)


def test_scores_that_mislead_are_all_the_same_probability_but_keep_no_wrong_order() -> None:
    score = np.linspace(0.01, 0.99, 100)
    found = fit_calibration(matches(score, score < 0.5))
    assert found.slope == 0
    assert found.probabilities(score) == pytest.approx(np.full(100, 0.5), abs=1e-6)


@pytest.mark.parametrize("scores", [[], [0.7], [0.7] * 5, [0.0, 1.0]])
def test_few_or_equal_scores_are_no_trouble(scores: list[float]) -> None:
    score = np.array(scores)
    found = fit_calibration(matches(score, np.ones(len(score), bool)))
    assert np.isfinite([found.slope, found.offset]).all()
    assert found == Calibration() if not scores else found.slope >= 0


def test_a_calibration_comes_back_as_it_was_saved_and_keeps_the_boxes(tmp_path: Path) -> None:
    found = Calibration(0.5, -1.0)
    found.save(tmp_path / "calibration.json")
    assert Calibration.load(tmp_path / "calibration.json") == found
    one = Prediction("1", Box("car", (0, 0, 4, 4)), 0.5)
    assert found.apply([one]) == [Prediction("1", one.box, pytest.approx(1 / (1 + np.e)))]
    (tmp_path / "other.json").write_text('{"scores": 3}')
    with pytest.raises(InputError, match=r"other\.json: not a saved calibration"):
        Calibration.load(tmp_path / "other.json")
