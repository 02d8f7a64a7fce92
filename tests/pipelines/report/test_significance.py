from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from pipelines.report.significance import Difference, Resample, differences, differences_table, write_differences

IMAGES = 40


def accuracy(right: np.ndarray) -> Resample:
    """Score a network that is right on some images by the share of right images."""
    return lambda weights: weights @ right / weights.sum(axis=1)


def right_on(share: float, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(IMAGES) < share).astype(float)


def verdicts(found: list[Difference]) -> dict[str, str]:
    return {one.fuser: one.verdict for one in found}


def test_clear_and_unclear_differences_are_told_apart() -> None:
    base = right_on(0.5, 0)
    better, worse, like = np.maximum(base, right_on(0.6, 1)), base * right_on(0.3, 2), base.copy()
    like[:2] = 1 - like[:2]
    resamples = {"like": like, "average": base, "better": better, "worse": worse}
    found = differences({name: [accuracy(right)] for name, right in resamples.items()}, IMAGES, "average")
    assert verdicts(found) == {"like": "not distinguishable", "better": "better", "worse": "worse"}
    assert [one.difference for one in found] == pytest.approx(
        [right.mean() - base.mean() for right in (like, better, worse)]
    )
    assert all(one.low <= one.difference <= one.high for one in found)


def test_the_comparison_is_paired() -> None:
    base = right_on(0.5, 0)
    above = base.copy()
    above[np.flatnonzero(base == 0)[:5]] = 1  # never worse than the baseline on any image
    (found,) = differences({"average": [accuracy(base)], "above": [accuracy(above)]}, IMAGES, "average")
    spread_of_one = np.std([base[np.random.default_rng(k).integers(IMAGES, size=IMAGES)].mean() for k in range(500)])
    assert found.low > 0
    assert found.high - found.low < 4 * spread_of_one * np.sqrt(2)


def test_the_interval_is_that_of_the_mean_of_differences() -> None:
    random = np.random.default_rng(3)
    base, other = random.random(IMAGES), random.random(IMAGES)
    (found,) = differences({"average": [accuracy(base)], "other": [accuracy(other)]}, IMAGES, "average")
    half = 1.96 * np.std(other - base) / np.sqrt(IMAGES)
    assert (found.low, found.high) == pytest.approx((found.difference - half, found.difference + half), abs=0.15 * half)


def test_a_further_fuser_changes_no_other_line() -> None:
    resamples = {name: [accuracy(right_on(0.5, k + 10 * s)) for s in range(3)] for k, name in enumerate("abc")}
    few = differences({name: resamples[name] for name in "ab"}, IMAGES, "a")
    assert differences(resamples, IMAGES, "a")[0] == few[0]


def test_seeds_that_disagree_widen_the_interval() -> None:
    base, other = right_on(0.5, 0), right_on(0.6, 1)
    one = differences({"a": [accuracy(base)], "b": [accuracy(other)]}, IMAGES, "a")[0]
    shifted = [lambda w, shift=shift: accuracy(other)(w) + shift for shift in (-0.3, 0.0, 0.3)]
    three = differences({"a": [accuracy(base)], "b": shifted}, IMAGES, "a")[0]
    assert three.difference == pytest.approx(one.difference)
    assert three.high - three.low > 1.3 * (one.high - one.low)


def test_table_and_file_say_the_same_and_the_note_says_what_is_missing(tmp_path: Path) -> None:
    found = [Difference("isfuse", 0.1234, 0.05, 0.2), Difference("maximum", -0.01, -0.1, 0.08)]
    table = differences_table(found, "mIoU", "average", seeds=1).markdown()
    assert "| fuser | mIoU above average | 95 % interval | verdict |" in table
    assert "| isfuse | +0.123 | +0.050 to +0.200 | **better** |" in table
    assert "| maximum | -0.010 | -0.100 to +0.080 | not distinguishable |" in table
    assert "One seed" in table
    assert "One seed" not in differences_table(found, "mIoU", "average", seeds=3).markdown()
    write_differences(tmp_path / "differences.csv", found, "mIoU", "average")
    with (tmp_path / "differences.csv").open(encoding="utf-8", newline="") as file:
        first, _ = csv.DictReader(file)
    assert (first["fuser"], float(first["low"]), first["verdict"]) == ("isfuse", 0.05, "better")
