"""What lies in the working folder, how it is called, and what a terminal can show: none of it stops a tool."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipelines.pipeline_command import TINY_DETECTOR
from tests.run_tool import as_process, in_process

MakePairs = Callable[..., object]
TINY = ["m3fd_detect", "sample.train=3", "sample.test=1", "fusers=average", "metrics.names=EN", "panels=0"]
TINY += [f"detector.model={TINY_DETECTOR}", "detector.epochs=1", "detector.image_size=64", "detector.batch_size=3"]


def test_a_folder_named_like_a_package_hides_nothing(tmp_path: Path) -> None:
    for name in ("fusion", "pipelines", "downstream", "configs"):
        (tmp_path / name).mkdir()
    done = as_process("fusion", "--help", cwd=tmp_path, environment={"PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr
    done = as_process("run_pipeline.py", "--list", cwd=tmp_path, environment={"PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr


def test_a_terminal_without_arrows_shows_the_table_all_the_same(tmp_path: Path, make_pairs: MakePairs) -> None:
    make_pairs(count=1)
    folders = ("--infrared", "ir", "--visible", "vi", "--fused", "vi", "--out", "out", "--metrics", "EN")
    done = as_process("score_fusion.py", *folders, cwd=tmp_path, environment={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "| method | EN ? |" in done.stdout


@pytest.mark.slow
def test_a_work_folder_may_have_an_apostrophe(tmp_path: Path) -> None:
    work = tmp_path / "it's mine"
    done = in_process("run_pipeline.py", *TINY, "--work-dir", work, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (work / "m3fd_detect-sample" / "report" / "report.html").exists()


def test_a_setting_after_the_last_folder_is_a_setting(tmp_path: Path, make_pairs: MakePairs) -> None:
    make_pairs(count=1)
    done = in_process(
        "train_fusion.py", "--out", "out", "--infrared", "ir", "--visible", "vi", "schedule.epoch=1", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "unknown setting 'schedule.epoch'. Did you mean 'schedule.epochs'?" in done.stderr


@pytest.mark.parametrize("name", [b"a\xff", b"line\nbreak", b"\x1b[31m"])
def test_a_file_name_that_no_table_can_show_is_refused(tmp_path: Path, make_pairs: MakePairs, name: bytes) -> None:
    make_pairs(count=1)
    for folder in ("ir", "vi"):
        (tmp_path / folder / "00.png").rename(tmp_path / folder / os.fsdecode(name + b".png"))
    (tmp_path / "work").mkdir()
    for arguments in (
        ("fuse_images.py", "--infrared", "ir", "--visible", "vi", "--out", "out", "--fuser", "average"),
        ("run_pipeline.py", "fusion_quality", "--data", ".", "fusers=average"),
    ):
        done = in_process(*arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert "cannot be written in tables. Try: rename the file" in done.stderr.splitlines()[-1]


def test_odd_file_names_are_names(tmp_path: Path, make_pairs: MakePairs) -> None:
    make_pairs(count=5)
    for place, name in enumerate(("it's", "=cmd()", "<b>x", "a,b", "100%")):
        for folder in ("ir", "vi"):
            (tmp_path / folder / f"{place:02}.png").rename(tmp_path / folder / f"{name}.png")
    options = ("fusers=average", "metrics.names=EN", "panels=5", "effects.images=0")
    done = in_process("run_pipeline.py", "fusion_quality", "--data", ".", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    scores = (tmp_path / "work" / "fusion_quality" / "report" / "scores.csv").read_text(encoding="utf-8")
    assert '"a,b"' in scores
    assert "<b>x" not in (tmp_path / "work" / "fusion_quality" / "report" / "report.html").read_text(encoding="utf-8")


def test_names_in_composed_and_decomposed_form_are_the_same(tmp_path: Path, make_pairs: MakePairs) -> None:
    make_pairs(count=1)
    (tmp_path / "ir" / "00.png").rename(tmp_path / "ir" / "u\u0308ber.png")
    (tmp_path / "vi" / "00.png").rename(tmp_path / "vi" / "\u00fcber.png")
    options = ("fusers=average", "metrics.names=EN", "panels=1", "effects.images=0")
    done = in_process("run_pipeline.py", "fusion_quality", "--data", ".", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "\u00fcber," in (tmp_path / "work/fusion_quality/report/scores.csv").read_text(encoding="utf-8")
