"""The tool that scores fused images, as a user runs it from another folder."""

import csv

import cv2
import numpy as np
import pytest

from tests.run_tool import as_process, in_process

FOLDERS = ("--infrared", "ir", "--visible", "vi")


def score(cwd, *arguments, run=in_process):
    return run("score_fusion.py", *arguments, cwd=cwd, environment={"COLUMNS": "100"})


@pytest.fixture
def folders(tmp_path, make_pairs):
    """Write two pairs of 48x40 images and two folders of fused ones: their mean, and the infrared images."""
    for pair in make_pairs(count=2):
        infrared, visible = (cv2.imread(str(path)) for path in (pair.infrared, pair.visible))
        for folder, pixels in (("mean", (infrared / 2 + visible / 2).astype(np.uint8)), ("ir_again", infrared)):
            (tmp_path / folder).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / folder / f"{pair.stem}.png"), pixels)
    return tmp_path


def test_two_methods_are_scored_into_one_table(folders):
    arguments = (*FOLDERS, "--fused", "mean", "--fused", "mine=ir_again/", "--metrics", "EN, Qabf")
    done = score(folders, *arguments, run=as_process)
    assert done.returncode == 0, done.stderr
    assert "| method | EN ↑ | Qabf ↑ |" in done.stdout
    assert "convention eif, mean over 2 images" in done.stdout
    assert "scores/means.md" in done.stdout
    lines = list(csv.reader((folders / "scores" / "scores.csv").read_text().splitlines()))
    assert lines[0] == ["method", "image", "EN", "Qabf"]
    assert [line[:2] for line in lines[1:]] == [["mean", "00"], ["mean", "01"], ["mine", "00"], ["mine", "01"]]
    written = {path.name: path.read_bytes() for path in (folders / "scores").glob("*.*")}
    again = score(folders, *arguments)
    assert again.stdout == done.stdout
    assert {path.name: path.read_bytes() for path in (folders / "scores").glob("*.*")} == written


def test_images_too_small_for_a_metric_of_the_suite_are_no_failure_and_named(folders):
    done = score(folders, *FOLDERS, "--fused", "mean")
    assert done.returncode == 0, done.stderr
    note = (
        "Left out of the means: VIF, 2 of 2 images (a side below 41 pixels); MS_SSIM, 2 of 2 images (a side below 176"
    )
    assert f"{note} pixels).\n" in done.stdout
    assert f"{note} pixels).\n" in (folders / "scores" / "means.md").read_text()


def test_a_different_size_is_reported_with_both_sizes_and_exit_code_2(folders):
    cv2.imwrite(str(folders / "mean" / "01.png"), np.zeros((20, 30), np.uint8))
    done = score(folders, *FOLDERS, "--fused", "mean", "--metrics", "EN")
    assert done.returncode == 2
    message = done.stderr.splitlines()[-1]
    assert message.endswith("error: mean/01.png: size differs from vi/01.png (found 30x20, expected 48x40)")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--fused", "mean", "--metrics", "Qbaf"], ["unknown metric", "Did you mean 'Qabf'"]),
        (["--fused", "mean", "--metrics", ""], ["unknown metric"]),
        (["--fused", "mean", "--convention", "eiff"], ["unknown convention", "Did you mean 'eif'"]),
        (["--fused", "mean", "--device", "gpu"], ["device='gpu'"]),
        (["--fused", "mean", "--fused", "mean=ir_again"], ["'mean'", "NAME=ir_again"]),
        (["--fused", "=mean"], ["method=''"]),
        (["--fused", "a/b=mean"], ["method='a/b'"]),
        (["--fused", "nowhere"], ["nowhere: no such folder"]),
        (["--fused", "mean", "--visible", "vi/.."], ["no images found"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(folders, arguments, parts):
    done = score(folders, *FOLDERS, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert all(part in done.stderr for part in parts), done.stderr
    assert not (folders / "scores").exists()


def test_the_help_lists_the_metrics_of_every_convention(tmp_path):
    done = score(tmp_path, "--help")
    assert done.returncode == 0
    for part in ("eif: EN, SD,", "cddfuse: EN,", "vifb: EN,", "clean: EN,", "Nabf_as_called↓", "NAME is the method"):
        assert part in done.stdout


def test_fusers_are_scored_on_disturbed_pairs_too_against_the_clean_ones(folders):
    arguments = (*FOLDERS, "--fuser", "mine=laplacian", "levels=2", "--stress", "without_infrared,infrared_shift@0")
    done = score(folders, *arguments, "--fused", "mean", "--metrics", "EN,CC")
    assert done.returncode == 0, done.stderr
    with (folders / "scores" / "means.csv").open() as file:
        means = {(row["method"], row["metric"]): row["mean"] for row in csv.DictReader(file)}
    assert {method for method, _ in means} == {"mine", "mine without_infrared@1", "mine infrared_shift@0", "mean"}
    tables = done.stdout.split("## ")[1:]  # one per condition, each with its own best
    assert [table.partition("Fusion")[0] for table in tables] == ["", "without_infrared@1: ", "infrared_shift@0: "]
    assert all("**" in table for table in tables)
    for metric in ("EN", "CC"):
        assert means["mine infrared_shift@0", metric] == means["mine", metric]
        assert means["mine without_infrared@1", metric] != means["mine", metric]
    dark = cv2.imread(str(folders / "scores" / "fused" / "mine without_infrared@1" / "00.png"))
    assert dark.mean() < cv2.imread(str(folders / "scores" / "fused" / "mine" / "00.png")).mean()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing to score. Try: --fused DIR or --fuser NAME"),
        (("--fused", "mean", "--stress", "all"), "--stress: images that are fused already cannot be disturbed."),
        (("--fuser", "average", "--stress", "noise"), "unknown condition 'noise'. Did you mean 'infrared_noise'?"),
        (("--fuser", "averag"), "unknown fuser 'averag'. Did you mean 'average'?"),
        (("--fuser", "laplacian", "levels=x"), "wrong type of option 'levels'"),
        (("--fuser", "average", "--fuser", "average"), "the name 'average' is already used"),
        (("--fuser", "mean=average", "--fused", "mean"), "--fuser mean: the name is that of a folder"),
    ],
)
def test_a_mistake_in_what_is_to_be_scored_is_one_line(folders, arguments, said):
    done = score(folders, *FOLDERS, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
