from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.report.results import column, result_tables
from pipelines.rows.results import COLUMNS, ResultRow, write_results
from pipelines.rows.task_scores import DETECTION, SEGMENTATION, TaskScores

FUSERS = ["infrared", "visible", "average"]


def markdown_table(rows: list[ResultRow], fusers: list[str], classes: list[str]) -> str:
    return task_table(rows, DETECTION, fusers, classes)


def task_table(rows: list[ResultRow], task: TaskScores, fusers: list[str], classes: list[str]) -> str:
    return "\n".join(table.markdown() for table in result_tables(rows, task, fusers, classes))


def _row(fuser: str, value: float | None, metric: str = "mAP50", seed: int = 0, **changes: Any) -> ResultRow:
    row = {"fuser": fuser, "dataset": "M3FD", "split": "scene_blocks", "seed": seed, "metric": metric}
    return {**row, "class": "all", "value": value, "n": 831, "status": "ok", "reason": "", **changes}  # type: ignore[typeddict-item]


def _failed(fuser: str, reason: str, seed: int = 0) -> ResultRow:
    return _row(fuser, None, seed=seed, status="failed", reason=reason)


def _line(text: str, fuser: str, table: int = 0) -> list[str]:
    """Give the cells behind the fuser's name in one of the tables."""
    found = [line for line in text.splitlines() if line.startswith(f"| {fuser} ")]
    return [cell.strip() for cell in found[table].replace("\\|", "<pipe>").split("|")[2:-1]]


def test_the_csv_reads_back_to_the_same_rows(tmp_path: Path) -> None:
    rows = [_row("infrared", 0.1 + 0.2), _row("visible", None, "mAP50:95_small"), _failed("average", 'a, "b"\n| c')]
    write_results(tmp_path, rows)
    with (tmp_path / "results.csv").open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        back = [
            {
                **row,
                "seed": int(row["seed"]),
                "n": int(row["n"]),
                "value": float(row["value"]) if row["value"] else None,
            }
            for row in reader
        ]
    assert tuple(reader.fieldnames or ()) == COLUMNS
    assert back == rows


def test_the_json_holds_the_same_rows(tmp_path: Path) -> None:
    rows = [_row("infrared", 0.1 + 0.2), _failed("average", "±")]
    write_results(tmp_path, rows)
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8")) == rows


def test_the_best_value_is_bold_and_no_other() -> None:
    text = markdown_table([_row("infrared", 0.5), _row("visible", 0.7), _row("average", 0.6)], FUSERS, ["Car"])
    assert [_line(text, fuser)[0] for fuser in FUSERS] == [".500", "**.700**", ".600"]
    assert text.count("**") == 2


def test_values_that_print_equal_are_all_bold() -> None:
    text = markdown_table([_row("infrared", 0.70004), _row("visible", 0.7), _row("average", 0.6)], FUSERS, ["Car"])
    assert [_line(text, fuser)[0] for fuser in FUSERS] == ["**.700**", "**.700**", ".600"]


def test_where_all_are_zero_none_is_best() -> None:
    text = markdown_table([_row("infrared", 0.0), _row("visible", 0.0004), _row("average", None)], FUSERS, ["Car"])
    assert [_line(text, fuser)[0] for fuser in FUSERS] == [".000", ".000", "-"]


def test_zero_and_one_keep_three_digits() -> None:
    text = markdown_table([_row("infrared", 0.0), _row("visible", 1.0), _row("average", None)], FUSERS, ["Car"])
    assert [_line(text, fuser)[0] for fuser in FUSERS] == [".000", "**1.000**", "-"]


def test_every_metric_stands_in_its_own_column() -> None:
    metrics = ["mAP50", "mAP50:95", "mAP50:95_small", "mAP50:95_medium", "mAP50:95_large"]
    rows = [_row("infrared", (index + 1) / 10, metric) for index, metric in enumerate(reversed(metrics))]
    text = markdown_table(rows, ["infrared"], ["Car"])
    assert [cell.strip("*") for cell in _line(text, "infrared")] == [".500", ".400", ".300", ".200", ".100"]


def test_the_second_table_holds_ap50_per_class_and_the_number_of_true_boxes() -> None:
    rows = [_row("infrared", 0.5)]
    rows += [
        _row("infrared", 0.25, "AP50", n=7, **{"class": "Car"}),
        _row("infrared", 0.1, "AP50:95", **{"class": "Car"}, n=7),
    ]
    rows += [_row("infrared", None, "AP50", n=0, **{"class": "Lamp"})]
    text = markdown_table(rows, ["infrared"], ["Lamp", "Car"])
    assert "| fuser | Lamp (0) | Car (7) |" in text
    assert _line(text, "infrared", table=1) == ["-", "**.250**"]


def test_several_seeds_become_mean_and_sample_deviation() -> None:
    rows = [_row("infrared", value, seed=seed) for seed, value in enumerate((0.4, 0.5, 0.6))]
    assert _line(markdown_table(rows, ["infrared"], ["Car"]), "infrared")[0] == "**.500 ± .100**"


def test_a_failed_fuser_says_why_in_both_tables_and_is_not_bold() -> None:
    rows = [_row("infrared", 0.5), _failed("visible", "out of\nmemory | 3 GB"), _row("average", 0.4)]
    text = markdown_table(rows, FUSERS, ["Car", "Bus"])
    assert _line(text, "visible") == ["failed: out of memory <pipe> 3 GB", "", "", "", ""]
    assert _line(text, "visible", table=1) == ["failed: out of memory <pipe> 3 GB", ""]


@pytest.mark.parametrize("value", [0.9, 0.5])
def test_a_fuser_with_one_failed_seed_shows_its_numbers_but_is_never_best(value: float) -> None:
    rows = [_row("infrared", value), _failed("infrared", "killed", seed=1)]
    rows += [_row("visible", 0.5, seed=seed) for seed in (0, 1)]
    text = markdown_table(rows, ["infrared", "visible"], ["Car"])
    assert _line(text, "infrared (1 of 2 seeds)")[0] == f".{value * 1000:.0f}"
    assert _line(text, "visible")[0] == "**.500 ± .000**"


def test_a_fuser_without_any_row_is_not_left_out() -> None:
    text = markdown_table([_row("infrared", 0.5)], ["infrared", "visible"], ["Car"])
    assert _line(text, "visible")[0] == "failed: no run"


def test_all_runs_may_fail() -> None:
    text = markdown_table([_failed("infrared", "no disk")], ["infrared"], ["Car"])
    assert "**" not in text
    assert not column([_failed("infrared", "no disk")], ["infrared"], "mAP50")["infrared"].best


def test_lines_come_in_the_given_order() -> None:
    text = markdown_table([_row(fuser, 0.5) for fuser in FUSERS], FUSERS[::-1], ["Car"])
    assert text.index("| average ") < text.index("| visible ") < text.index("| infrared ")


@pytest.mark.parametrize("stranger", [_row("maximum", 0.5), _row("infrared", 0.5, dataset="MSRS")])
def test_rows_that_the_table_cannot_show_are_refused(stranger: ResultRow) -> None:
    with pytest.raises(ValueError, match=r"maximum|MSRS"):
        markdown_table([_row("infrared", 0.5), stranger], ["infrared"], ["Car"])


def test_segmentation_has_columns_of_its_own_and_long_counts_are_short() -> None:
    rows = [
        _row("infrared", 0.5, "mIoU"),
        _row("infrared", 0.4, "mIoU_foreground"),
        _row("infrared", 0.9, "pixel_accuracy"),
    ]
    rows += [_row("infrared", 0.25, "IoU", n=123_456, **{"class": "car"})]
    text = task_table(rows, SEGMENTATION, ["infrared"], ["car"])
    assert "## Segmentation on M3FD, split scene_blocks, 831 test images" in text
    assert "| fuser | mIoU | mIoU without background | pixel accuracy |" in text
    assert _line(text, "infrared") == ["**.500**", "**.400**", "**.900**"]
    assert "| fuser | car (123k) |" in text
    assert _line(text, "infrared", table=1) == ["**.250**"]
