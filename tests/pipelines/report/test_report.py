from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from fusion.scoring.folder import ImageScores
from fusion.scoring.means import mean_scores
from pipelines.report.agreement import Agreement
from pipelines.report.contents import Report
from pipelines.report.elements import Picture, Section
from pipelines.report.report import summary_text, write_report
from pipelines.rows.results import ResultRow
from pipelines.rows.task_scores import DETECTION


def _row(fuser: str, value: float | None, metric: str = "mAP50", reason: str = "") -> ResultRow:
    status = "failed" if reason else "ok"
    row = {"fuser": fuser, "dataset": "M3FD", "split": "scene_blocks", "seed": 0, "metric": metric, "class": "all"}
    return {**row, "value": value, "n": 831, "status": status, "reason": reason}  # type: ignore[typeddict-item]


@pytest.fixture
def report() -> Report:
    return Report(
        name="m3fd_detect",
        is_sample=True,
        task=DETECTION,
        rows=[
            _row("infrared", 0.5),
            _row("infrared", 0.3, "mAP50:95"),
            _row("visible", None, reason="out of memory"),
            _row("average", 0.7),
            _row("average", 0.2, "mAP50:95"),
        ],
        fusers=["infrared", "visible", "average"],
        classes=["People", "Car"],
        facts=[("split", "scene_blocks | leakage 5 %"), ("detector", "yolov8s")],
        agreement=Agreement(
            "eif", mean_scores([ImageScores("average", "night 1", {"AG": 4.5})]), "mAP50", {"average": 0.7}
        ),
        sections=[Section("Precision and recall", ["what | it says\n"])],
    )


def _page(out_dir: Path, report: Report) -> str:
    write_report(out_dir, report)
    return (out_dir / "report.md").read_text(encoding="utf-8")


def test_the_folder_holds_rows_pages_and_pictures(tmp_path: Path, report: Report) -> None:
    _page(tmp_path / "out", report)
    written = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written == {
        *("results.csv", "results.json", "results.tex", "report.md", "report.html", "summary.txt", "metrics.png")
    }


def test_every_linked_picture_exists(tmp_path: Path, report: Report) -> None:
    links = re.findall(r"!\[.*?\]\((\S+)\)", _page(tmp_path / "out", report))
    assert links == ["metrics.png"]
    assert all((tmp_path / "out" / unquote(link)).is_file() for link in links)


def test_a_sample_says_so_in_bold_and_above_every_table(tmp_path: Path, report: Report) -> None:
    page = _page(tmp_path / "out", report)
    assert re.search(r"^\*\*.*built-in SAMPLE of generated scenes.*\*\*$", page, re.MULTILINE)
    above = [part.splitlines()[0] for part in re.split(r"^#+ ", page, flags=re.MULTILINE) if "| --- |" in part]
    assert len(above) == 5
    assert all("SAMPLE" in heading for heading in above)


def test_a_sample_says_so_in_the_title_of_every_picture(tmp_path: Path, report: Report) -> None:
    for name, is_sample in (("sample", True), ("real", False)):
        write_report(tmp_path / name, replace(report, is_sample=is_sample))
    assert (tmp_path / "sample" / "metrics.png").read_bytes() != (tmp_path / "real" / "metrics.png").read_bytes()


def test_real_data_is_not_called_a_sample(tmp_path: Path, report: Report) -> None:
    real = replace(report, is_sample=False)
    assert "SAMPLE" not in _page(tmp_path / "out", real) + summary_text(real)


def test_facts_and_failed_runs_are_shown(tmp_path: Path, report: Report) -> None:
    page = _page(tmp_path / "out", report)
    assert "| split | scene_blocks \\| leakage 5 % |" in page
    assert "| visible | 0 | out of memory |" in page


def test_a_report_without_failures_metrics_or_sections_has_no_such_part(tmp_path: Path, report: Report) -> None:
    bare = replace(report, rows=report.rows[:2], fusers=["infrared"], sections=[])
    bare = replace(bare, agreement=replace(report.agreement, means={}))
    page = _page(tmp_path / "out", bare)
    assert "![" not in page
    assert "Failed runs" not in page


def test_a_section_of_the_task_stands_under_its_marked_heading(tmp_path: Path, report: Report) -> None:
    section = Section("Precision and recall", ["what | it says\n", Picture("curves", "a b.png")])
    page = _page(tmp_path / "out", replace(report, sections=[section]))
    assert "## SAMPLE: Precision and recall\n\nwhat | it says\n\n![curves](a%20b.png)\n" in page


def test_the_summary_marks_the_best_of_each_column_and_the_sample(report: Report) -> None:
    head, names, *lines, answered, note = summary_text(report).splitlines()
    assert head.startswith("SAMPLE: ")
    assert "SAMPLE" in note
    assert names.split() == ["fuser", "mAP50", "mAP50:95"]
    assert [line.split() for line in lines] == [
        ["infrared", ".500", ".300*"],
        ["visible", "failed:", "out", "of", "memory"],
        ["average", ".700*", ".200"],
    ]
    assert answered == report.answer
    assert answered.startswith("Highest mAP50: average, .700, without a verdict")


def test_the_report_begins_with_the_answer(tmp_path: Path, report: Report) -> None:
    assert _page(tmp_path / "out", report).splitlines()[2] == report.answer
    failed = [row for row in report.rows if row["status"] == "failed"]
    assert replace(report, rows=[_row("infrared", 0.0), *failed]).answer == ""


def test_the_first_table_has_the_level_and_the_networks_of_every_row(tmp_path: Path, report: Report) -> None:
    levels, costs = {"infrared": "source", "average": "pixel"}, {"networks per frame": {"average": "1"}}
    page = _page(tmp_path / "out", replace(report, levels=levels, costs=costs))
    head = next(line for line in page.splitlines() if line.startswith("| fuser | level | mAP50 | mAP50:95 |"))
    assert head.endswith(" | networks per frame |")
    assert re.search(r"^\| average \| pixel \| \*\*\.700\*\* \| \.200 \| .* \| 1 \|$", page, re.MULTILINE)
    assert re.search(r"^\| infrared \| source \| \.500 \| \*\*\.300\*\* \| .* \| - \|$", page, re.MULTILINE)


def test_a_long_reason_does_not_widen_the_summary(report: Report) -> None:
    rows = [
        _row("visible", None, reason="out of memory " * 8) if row["fuser"] == "visible" else row for row in report.rows
    ]
    lines = summary_text(replace(report, rows=rows)).splitlines()
    assert len(lines[2]) == len("infrared  .500   .300*")
