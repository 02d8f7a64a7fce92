from __future__ import annotations

import csv
from pathlib import Path

from pipelines.report.significance import Difference, ScoreName
from pipelines.report.verdicts import explain, verdict_tables, write_differences
from pipelines.rows import DETECTION

OVERALL, CAR, BUS = (ScoreName(*name) for name in (("mAP50", "all"), ("AP50", "Car"), ("AP50", "Bus")))
FOUND = [
    Difference(OVERALL, "isfuse", 0.1234, 0.05, 0.2, 0.0004, 0.0008, 0.08),
    Difference(OVERALL, "maximum", -0.01, -0.1, 0.08, 0.4, 0.4, 0.11),
    Difference(CAR, "isfuse", 0.3, 0.1, 0.5, 0.01, 0.02, 0.2),
    Difference(CAR, "maximum", -0.1, -0.3, 0.1, 0.2, 0.2, 0.2),
    Difference(BUS, "isfuse", None, reason="no ground truth"),
    Difference(BUS, "maximum", None, reason="no ground truth"),
]


def test_a_table_shows_the_difference_its_interval_and_what_could_have_been_told() -> None:
    overall, by_class = verdict_tables(FOUND, DETECTION, "average", "A note.")
    page = overall.markdown()
    assert "| fuser | mAP50 above average | 95 % interval | p | p (Holm) | verdict | detectable |" in page
    assert "| isfuse | +0.123 | +0.050 to +0.200 | <.001 | <.001 | **better** | 0.080 |" in page
    assert "| maximum | -0.010 | -0.100 to +0.080 | .400 | .400 | not distinguishable | 0.110 |" in page
    assert page.endswith("\nA note.\n")
    page = by_class.markdown()
    assert "| fuser | Car | Bus |" in page
    assert "| isfuse | **+0.300 better** | - |" in page
    assert "| maximum | -0.100 | - |" in page
    assert "Without a verdict: Bus (no ground truth)." in page


def test_the_note_says_what_counts_and_what_is_missing() -> None:
    note = explain("40 test images in 8 runs", rows=2, seeds=1, left_out=[])
    assert "that of 40 test images in 8 runs. 95 %" in note
    assert "adjustment for 2 rows." in note
    assert "One seed" in note
    note = explain("40 test images", rows=1, seeds=3, left_out=["isfuse"])
    assert "that of 40 test images and of 3 seeds. 95 %" in note
    assert "adjustment for 1 row." in note
    assert "One seed" not in note
    assert note.endswith("Left out, since a run failed: isfuse.")


def test_the_file_has_every_number_and_empty_fields_with_their_reason(tmp_path: Path) -> None:
    write_differences(tmp_path / "differences.csv", FOUND, "average")
    with (tmp_path / "differences.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(FOUND)
    first, last = rows[0], rows[-1]
    assert (first["metric"], first["class"], first["fuser"], first["baseline"]) == ("mAP50", "all", "isfuse", "average")
    assert [float(first[name]) for name in ("difference", "low", "high", "p", "p_holm", "detectable")] == [
        0.1234,
        0.05,
        0.2,
        0.0004,
        0.0008,
        0.08,
    ]
    assert (first["verdict"], first["reason"]) == ("better", "")
    assert (last["difference"], last["p"], last["verdict"], last["reason"]) == ("", "", "-", "no ground truth")
