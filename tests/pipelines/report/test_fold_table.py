from __future__ import annotations

from pipelines.report.results import fold_table
from pipelines.rows import DETECTION, ResultRow, RunId, score_rows

FUSERS = ["average", "isfuse"]


def scores(fold: int, fuser: str, value: float | None, boxes: int, reason: str = "") -> list[ResultRow]:
    """Score one run of a fold that has cars, and so many buses."""
    metrics = [
        ("mAP50", "all", value, 20),
        ("AP50", "Car", value, 30),
        ("AP50", "Bus", value if boxes else None, boxes),
    ]
    of_run = [
        {"metric": metric, "class_name": name, "value": of, "n": n}
        for metric, name, of, n in metrics[: 1 if reason else 3]
    ]
    return score_rows(RunId(fuser, 0, fold), of_run, "M3FD", f"fold {fold}", reason)


def test_every_fold_has_a_column_and_absent_classes_are_told() -> None:
    rows = [row for fuser in FUSERS for fold in (1, 2) for row in scores(fold, fuser, 0.25 * fold, boxes=fold - 1)]
    page = fold_table(rows, DETECTION, FUSERS).markdown()
    assert "## mAP50 by fold (number of test images)" in page
    assert "| fuser | fold 1 (20) | fold 2 (20) |" in page
    assert "| isfuse | **.250** | **.500** |" in page
    assert "A mean leaves out classes without ground truth: fold 1 has no Bus." in page


def test_a_fold_without_any_ground_truth_has_no_score() -> None:
    rows = scores(1, "average", None, boxes=0) + scores(2, "average", 0.5, boxes=1)
    assert "| average | - | **.500** |" in fold_table(rows, DETECTION, ["average"]).markdown()


def test_a_row_whose_trainings_all_failed_has_its_reason() -> None:
    rows = [*scores(1, "average", 0.5, 1), *scores(1, "isfuse", None, 1, reason="RuntimeError: diverged")]
    assert "| isfuse | failed: RuntimeError: diverged |" in fold_table(rows, DETECTION, FUSERS).markdown()
