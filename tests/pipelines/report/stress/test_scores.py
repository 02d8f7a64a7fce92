from __future__ import annotations

import numpy as np
import pytest

from fusion.stress import Condition
from pipelines.report.significance import Counts, Floats, ImageGroups, Resampled, ScoreName, differences
from pipelines.report.stress.scores import (
    CLEAN,
    FAILURE,
    MEAN,
    ByCondition,
    Scores,
    columns_of,
    combine,
    remembered,
    retentions,
)
from pipelines.report.stress.tables import score_table, sentence, verdict_table
from pipelines.rows import DETECTION, ResultRow, RunId, score_rows

DARK, BLIND = Condition("without_infrared", 1), Condition("without_visible", 1)
WEAK, STRONG = Condition("infrared_noise", 20), Condition("infrared_noise", 40)
CONDITIONS = (DARK, BLIND, STRONG, WEAK)
GROUPS = ImageGroups(np.repeat(np.arange(8), 2), {})
VALUES = {  # by condition: mAP50 of average and late, two seeds each
    None: ((0.45, 0.55), (0.8, 0.8)),
    DARK: ((0.2, 0.2), (0.6, 0.6)),
    BLIND: ((0.2, 0.2), (0.4, 0.4)),
    STRONG: ((0.1, 0.1), (0.3, 0.3)),
    WEAK: ((0.4, 0.4), (0.4, 0.4)),
}


def scored(fuser: str, seed: int, value: float | None, reason: str = "") -> list[ResultRow]:
    score = {"metric": "mAP50", "class_name": "all", "value": value, "n": 16}
    return score_rows(RunId(fuser, seed), [score], "M", "test", reason)


def resampled(value: float, seed: int) -> Resampled:
    """Return a score whose images differ from each other: resamples spread around the value."""
    of_image = value * (1 + 0.1 * np.random.default_rng(seed).standard_normal(16))

    def score(counts: Counts) -> Floats:
        found: Floats = (counts @ of_image / counts.sum(axis=1))[:, None]
        return found

    return Resampled((ScoreName("mAP50", "all"),), score)


def measured(without: Condition | None = None) -> ByCondition:
    rows, parts = {}, {}
    for number, (condition, values) in enumerate(VALUES.items()):
        runs = [(name, seed, v[seed]) for name, v in zip(("average", "late"), values, strict=True) for seed in (0, 1)]
        failed = {"late"} if condition == without and without else set()
        rows[condition] = [
            row
            for name, seed, value in runs
            for row in (scored(name, seed, None, "broke") if name in failed else scored(name, seed, value))
        ]
        parts[condition] = {
            name: [resampled(value, 10 * number + seed) for other, seed, value in runs if other == name]
            for name in ("average", "late")
            if name not in failed
        }
    return ByCondition(rows, parts)


def scores(without: Condition | None = None) -> Scores:
    return Scores(measured(without), columns_of(CONDITIONS), "mAP50")


def test_means_retention_and_the_expected_score_are_those_by_hand() -> None:
    found = scores()
    assert list(found.columns) == [
        *(CLEAN, "without infrared", "without visible", "infrared noise 40", "infrared noise 20", MEAN, FAILURE),
    ]
    assert found.of(CLEAN, "average") == pytest.approx(0.5)
    assert found.of(MEAN, "average") == pytest.approx((0.2 + 0.2 + 0.1 + 0.4) / 4)
    assert found.retained("average") == pytest.approx(0.45)
    assert found.of(FAILURE, "average") == pytest.approx(0.9 * 0.5 + 0.1 * (0.2 + 0.2) / 2)
    assert found.of(FAILURE, "late") == pytest.approx(0.9 * 0.8 + 0.1 * (0.6 + 0.4) / 2)


def test_a_camera_that_may_fail_needs_both_to_have_been_black() -> None:
    assert FAILURE not in columns_of([DARK, WEAK])
    assert FAILURE not in columns_of([DARK, Condition("without_visible", 0.5)])


def test_severities_rise_from_the_clean_score() -> None:
    assert scores().by_severity(CONDITIONS) == {
        "infrared noise": {"average": {0: 0.5, 20: 0.4, 40: 0.1}, "late": {0: 0.8, 20: 0.4, 40: 0.3}}
    }
    assert scores().by_severity([DARK, WEAK]) == {}


def test_a_failed_run_leaves_a_gap_in_what_it_is_part_of() -> None:
    found = scores(without=DARK)
    assert found.of("without infrared", "late") is None
    assert found.of(MEAN, "late") is None
    assert found.retained("late") is None
    assert found.of("without visible", "late") == pytest.approx(0.4)
    table = score_table(found, {}, DETECTION, "A note.").markdown()
    assert "| late | **.800 ± .000** | - | **.400 ± .000** | **.300 ± .000** | " in table
    assert "| average | .500 ± .071 | **.200 ± .000** | " in table
    assert table.endswith("\nA note.\n")


def test_a_combined_difference_is_that_of_the_weighted_scores() -> None:
    of, weights = measured(), {None: 0.9, DARK: 0.05, BLIND: 0.05}
    (found,) = differences(combine(of, weights), GROUPS, "average")
    expected = 0.9 * (0.8 - 0.5) + 0.05 * (0.6 - 0.2) + 0.05 * (0.4 - 0.2)
    assert found.difference == pytest.approx(expected, abs=0.2)  # the images differ
    once = np.ones((1, 16), np.int64)
    parts = [
        weight
        * np.mean([s.score(once)[0, 0] - b.score(once)[0, 0] for s, b in zip(p["late"], p["average"], strict=True)])
        for weight, p in ((weights[one], of.resampled[one]) for one in weights)
    ]
    assert found.difference == pytest.approx(sum(parts))
    assert "late" not in combine(measured(without=DARK), weights)


def test_the_interval_of_what_is_retained_holds_it() -> None:
    low, high = retentions(measured(), GROUPS)["late"]
    assert low < 0.53 < high
    assert high - low < 0.3


def test_remembered_scores_are_equal_and_scored_once() -> None:
    calls = []

    def score(counts: Counts) -> Floats:
        calls.append(len(counts))
        return counts.sum(axis=1, keepdims=True).astype(float)

    found = remembered(Resampled((ScoreName("mAP50", "all"),), score))
    first, other = np.arange(6).reshape(2, 3), np.arange(6, 12).reshape(2, 3)
    assert found.score(first).tolist() == found.score(first.copy()).tolist() == [[3], [12]]
    assert found.score(other).tolist() == [[21], [30]]
    assert calls == [2, 2]


def test_the_sentence_names_the_highest_row_its_verdict_and_what_it_keeps() -> None:
    of = measured()
    compared = {
        name: differences(combine(of, weights), GROUPS, "average") for name, weights in scores().columns.items()
    }
    said = sentence(scores(), compared, DETECTION, "average")
    assert said.startswith("Highest mAP50 over the 4 conditions: late, .425, +")
    assert "above average: better." in said
    assert said.endswith("It retains 53 % of its clean score.")
    table = verdict_table(compared, DETECTION, "average").markdown()
    assert (
        "| fuser | clean | without infrared | without visible | infrared noise 40 | infrared noise 20 | mean of"
        in table
    )
    assert "better** |" in table
    assert "| average |" not in table
