"""What the first sentence of a report claims, and what it must not."""

from __future__ import annotations

from pipelines.report.answer import answer
from pipelines.report.significance import Difference, ScoreName

MAP50 = ScoreName("mAP50", "all")
SCORES = {"infrared": 0.457, "visible": 0.404, "average": 0.475, "late": 0.553, "early": 0.5}


def compared(row: str, p_holm: float | None, reason: str = "") -> Difference:
    difference = SCORES[row] - SCORES["average"]
    return Difference(
        MAP50, row, difference, difference - 0.059, difference + 0.062, p_holm, p_holm, 0.05, reason=reason
    )


def told(seeds: int = 2, **verdicts: float) -> str:
    found = [compared(row, verdicts.get(row, 0.5)) for row in SCORES if row != "average"]
    return answer(SCORES, "mAP50", "average", found, seeds)


def test_the_best_row_is_named_with_its_difference_and_the_best_camera() -> None:
    assert told(late=0.01) == (
        "Best: late, mAP50 .553, +.078 over average [+.019, +.140]; the best single camera is infrared (.457)."
    )


def test_several_better_rows_are_not_ranked_among_each_other() -> None:
    assert told(late=0.01, early=0.02).endswith(
        " Also better than average: early; which of these is best is not tested."
    )


def test_a_higher_row_without_verdict_is_not_the_best() -> None:
    text = told(early=0.02)
    assert text.startswith("Best: early, mAP50 .500, +.025 over average")
    assert text.endswith(" Higher, but not distinguishable from average: late (.553).")


def test_one_seed_is_said_to_be_one() -> None:
    assert told(seeds=1, late=0.01).endswith(" With one seed, what another training would change is not covered.")


def test_without_any_better_row_nothing_is_called_best() -> None:
    assert told() == (
        "No row is better than average (mAP50 .475) by more than chance. Highest: late, .553, +.078 over average "
        "[+.019, +.140]; the best single camera is infrared (.457)."
    )
    worse = {**SCORES, "late": 0.4, "early": 0.3}
    text = answer(worse, "mAP50", "average", [compared("infrared", 0.9)], 1)
    assert text == (
        "No row is better than average (mAP50 .475) by more than chance, which is also the highest; "
        "the best single camera is infrared (.457)."
    )


def test_too_few_images_for_a_verdict_are_said_to_be() -> None:
    reason = "ground truth in 4 of at least 6 groups of images"
    text = answer(SCORES, "mAP50", "average", [compared("late", None, reason)], 1)
    assert text == (
        f"Highest mAP50: late, .553, without a verdict ({reason}); the best single camera is infrared (.457)."
    )


def test_nothing_is_answered_where_nothing_was_found() -> None:
    assert answer({}, "mAP50", "average", [], 1) == ""
    assert answer({"infrared": 0.0, "average": 0.0}, "mAP50", "average", [], 1) == ""
