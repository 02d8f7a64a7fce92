import json
import math
import os
import re
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import torch

from fusion import InputError, build_fuser, fuse_folder, match_pairs, score_folder
from fusion.images.colour import luma
from fusion.images.io import read_visible
from fusion.metrics import SUITES, measure
from fusion.scoring.folder import _in_batches, _Job
from tests.fusion.stale_sets import write_sets

NAMES = ["EN", "AG", "Qabf"]
SCORE = """
import sys
from pathlib import Path
from fusion import match_pairs, score_folder
folder = Path(sys.argv[1])
score_folder("average", match_pairs(folder / "ir", folder / "vi"), folder / "average", folder / "out", ["EN", "Qabf"])
"""


@pytest.fixture
def make_fused(tmp_path, make_pairs):
    """Write pairs and their average; return the pairs and the folder of fused images."""

    def make(**options):
        pairs = make_pairs(**options)
        fuse_folder(build_fuser("average"), pairs, tmp_path / "average", {"fuser": "average"})
        return pairs, tmp_path / "average"

    return make


def read_levels(path):
    """Read the luma of one image as whole levels, (1, 1, H, W)."""
    return (luma(read_visible(path)) * 255).round().to(torch.uint8)[None]


def mark(record, stem):
    """Mark the cached scores of an image with a value that no image has."""
    kept = json.loads(record.read_text())
    kept["images"][stem]["values"]["EN"] = 99.0
    record.write_text(json.dumps(kept))


def marked(scores):
    return [row.image for row in scores if row.values["EN"] == 99.0]


def grey_out(path):
    cv2.imwrite(str(path), np.full(cv2.imread(str(path)).shape, 128, np.uint8))


def test_every_row_has_the_values_of_measure_for_the_same_images(tmp_path, make_fused):
    pairs, fused_dir = make_fused(count=9)
    scores = score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)
    assert [(row.method, row.image) for row in scores] == [("average", f"{index:02}") for index in range(9)]
    for pair, row in zip(pairs, scores, strict=True):
        images = (read_levels(path) for path in (pair.infrared, pair.visible, fused_dir / f"{pair.stem}.png"))
        assert row.values == {name: value.item() for name, value in measure(*images, NAMES).items()}


def test_without_names_the_suite_of_the_convention_is_measured(tmp_path, make_fused):
    pairs, fused_dir = make_fused(count=1, height=48)
    scores = score_folder("average", pairs, fused_dir, tmp_path / "out", convention="cddfuse")
    assert tuple(scores[0].values) == SUITES["cddfuse"]


def test_a_fused_image_in_colour_scores_as_its_luma(tmp_path, make_fused):
    pairs, fused_dir = make_fused(count=2)
    (tmp_path / "grey").mkdir()
    for path in fused_dir.glob("*.png"):
        assert cv2.imread(str(path)).std(axis=2).any()
        cv2.imwrite(str(tmp_path / "grey" / path.name), read_levels(path)[0, 0].numpy())
    colour, grey = (score_folder(d.name, pairs, d, tmp_path / "out", NAMES) for d in (fused_dir, tmp_path / "grey"))
    assert [row.values for row in colour] == [row.values for row in grey]


def test_an_undefined_value_is_nan_also_when_it_is_reused(tmp_path, make_fused):
    pairs, fused_dir = make_fused(count=1)
    for path in (pairs[0].infrared, pairs[0].visible, fused_dir / "00.png"):
        grey_out(path)
    for _ in range(2):
        scores = score_folder("average", pairs, fused_dir, tmp_path / "out", ["NMI", "EN"])
        assert math.isnan(scores[0].values["NMI"])
        assert scores[0].values["EN"] == 0


def test_a_gpu_measures_batches_of_equal_size_in_order(make_fused):
    pairs, fused_dir = make_fused(count=24)
    for pair in pairs[2:4]:
        for path in (pair.infrared, pair.visible, fused_dir / f"{pair.stem}.png"):
            cv2.imwrite(str(path), cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[:-8])
    batches = []

    def sizes(jobs, levels):
        batches.append([tuple(image.shape) for image in levels])
        return [{"infrared": image[0].double().mean().item()} for image in levels]

    measured = list(_in_batches([_Job(pair, fused_dir / f"{pair.stem}.png", []) for pair in pairs], sizes, 2))
    assert [job.pair for job, _ in measured] == pairs
    assert batches == [[(3, 1, 40, 48)] * 2, [(3, 1, 32, 48)] * 2, [(3, 1, 40, 48)] * 16, [(3, 1, 40, 48)] * 4]
    for pair, (_, values) in zip(pairs, measured, strict=True):
        assert values["infrared"] == read_levels(pair.infrared).double().mean().item()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_has_the_scores_of_the_cpu(tmp_path, make_fused):
    pairs, fused_dir = make_fused(count=20)
    on_gpu, on_cpu = (
        score_folder("average", pairs, fused_dir, tmp_path / device, NAMES, device=device) for device in ("cuda", "cpu")
    )
    for one, other in zip(on_gpu, on_cpu, strict=True):
        assert one.values == pytest.approx(other.values, rel=1e-9)


def test_a_second_run_reuses_the_scores_of_the_first(tmp_path, make_fused):
    pairs, fused_dir = make_fused()
    record = tmp_path / "out" / "per_image" / "average.json"
    first = score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)
    before = record.stat().st_mtime_ns
    assert score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES) == first
    assert record.stat().st_mtime_ns == before
    mark(record, "02")
    assert marked(score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)) == ["02"]


@pytest.mark.parametrize("side", ["infrared", "visible", "fused"])
def test_only_a_modified_image_is_measured_again(tmp_path, make_fused, side):
    pairs, fused_dir = make_fused()
    score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)
    for stem in ("01", "02"):
        mark(tmp_path / "out" / "per_image" / "average.json", stem)
    touched = fused_dir / "01.png" if side == "fused" else getattr(pairs[1], side)
    later = touched.stat().st_mtime_ns + 1
    os.utime(touched, ns=(later, later))
    assert marked(score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)) == ["02"]


@pytest.mark.parametrize("change", [{"names": ["EN"]}, {"convention": "clean"}])
def test_other_metrics_are_measured_again(tmp_path, make_fused, change):
    pairs, fused_dir = make_fused()
    score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)
    mark(tmp_path / "out" / "per_image" / "average.json", "00")
    scores = score_folder("average", pairs, fused_dir, tmp_path / "out", **{"names": NAMES, **change})
    assert not marked(scores)


def test_another_folder_with_the_same_name_is_measured_again(tmp_path, make_fused):
    pairs, fused_dir = make_fused()
    score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)
    mark(tmp_path / "out" / "per_image" / "average.json", "00")
    fused_dir.rename(tmp_path / "elsewhere")
    assert not marked(score_folder("average", pairs, tmp_path / "elsewhere", tmp_path / "out", NAMES))


def test_scores_of_another_data_set_with_equal_stems_never_pass_for_its_own(tmp_path):
    first, second = write_sets(tmp_path)
    for pairs in (first, second):
        fuse_folder(build_fuser("average"), pairs, tmp_path / "average", {"fuser": "average"})
        scores = score_folder("average", pairs, tmp_path / "average", tmp_path / "out", NAMES)
        fresh = score_folder(
            "average", pairs, tmp_path / "average", tmp_path / "fresh" / pairs[0].infrared.parent.parent.name, NAMES
        )
        assert scores == fresh


def test_after_a_broken_image_the_scores_of_others_are_kept(tmp_path, make_fused):
    pairs, fused_dir = make_fused(count=8)
    whole = (fused_dir / "05.png").read_bytes()
    (fused_dir / "05.png").write_bytes(whole[:50])
    torch.set_num_threads(3)
    with pytest.raises(InputError, match=r"average/05\.png: not an image"):
        score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)
    assert torch.get_num_threads() == 3
    torch.set_num_threads(1)
    (fused_dir / "05.png").write_bytes(whole)
    mark(tmp_path / "out" / "per_image" / "average.json", "04")
    scores = score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)
    assert marked(scores) == ["04"]
    assert len(scores) == 8


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_an_interrupted_run_is_resumed(tmp_path, make_fused, subprocess_environment, how):
    pairs, fused_dir = make_fused(count=2, height=300, width=400)
    for index in range(2, 400):  # many names for few images, so that the run lasts
        for source in (pairs[index % 2].infrared, pairs[index % 2].visible, fused_dir / f"{index % 2:02}.png"):
            os.link(source, source.with_name(f"{index:03}.png"))
    pairs = match_pairs(tmp_path / "ir", tmp_path / "vi")
    record = tmp_path / "out" / "per_image" / "average.json"
    command = [sys.executable, "-c", SCORE, str(tmp_path)]
    process = subprocess.Popen(command, env=subprocess_environment, stderr=subprocess.DEVNULL)
    while not record.exists() and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(how)
    assert process.wait(60) != 0
    done = list(json.loads(record.read_text())["images"])
    assert 50 <= len(done) < 400
    mark(record, done[-1])
    whole = score_folder("average", pairs, fused_dir, tmp_path / "out", ["EN", "Qabf"])
    assert marked(whole) == [done[-1]]
    assert [row.image for row in whole] == [pair.stem for pair in pairs]


def test_a_different_size_is_reported_with_both_sizes(tmp_path, make_fused):
    pairs, fused_dir = make_fused()
    cv2.imwrite(str(fused_dir / "02.png"), np.zeros((20, 30), np.uint8))
    message = f"{fused_dir / '02.png'}: size differs from {pairs[2].visible} (found 30x20, expected 48x40)"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)


@pytest.mark.parametrize("measured_before", [False, True])
def test_an_image_too_small_for_a_metric_lacks_only_that_value(tmp_path, make_fused, measured_before):
    pairs, fused_dir = make_fused()
    for _ in range(1 + measured_before):
        scores = score_folder("average", pairs, fused_dir, tmp_path / "out", ["EN", "MS_SSIM"])
    assert [row.left_out for row in scores] == [{"MS_SSIM": "a side below 176 pixels"}] * len(pairs)
    assert all(math.isnan(row.values["MS_SSIM"]) for row in scores)
    assert [row.values["EN"] for row in scores] == [
        row.values["EN"] for row in score_folder("average", pairs, fused_dir, tmp_path / "alone", ["EN"])
    ]


def test_an_image_with_too_many_pixels_has_no_values_and_others_are_scored(tmp_path, make_fused):
    pairs, fused_dir = make_fused(count=2)
    for path in (pairs[1].infrared, pairs[1].visible, fused_dir / "01.png"):
        cv2.imwrite(str(path), np.zeros((3300, 3400), np.uint8))
    small, large = score_folder("average", pairs, fused_dir, tmp_path / "out", ["EN", "SD"])
    assert large.left_out == dict.fromkeys(("EN", "SD"), "more than 11000000 pixels")
    assert small.left_out == {}
    assert small.values["EN"] > 0


def test_a_missing_fused_image_is_reported(tmp_path, make_fused):
    pairs, fused_dir = make_fused()
    (fused_dir / "03.png").unlink()
    with pytest.raises(InputError, match=r"/average: no fused image for 03 \(expected one for every pair\)"):
        score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)


@pytest.mark.parametrize("method", ["", ".", "..", ".hidden", "a/b", "a\\b", "a\0b"])
def test_a_method_that_cannot_be_a_file_name_is_refused(tmp_path, make_fused, method):
    pairs, fused_dir = make_fused()
    with pytest.raises(InputError, match="cannot be a file name"):
        score_folder(method, pairs, fused_dir, tmp_path / "out", NAMES)
    assert not (tmp_path / "out").exists()


def test_an_unknown_metric_is_refused_with_the_nearest_one(tmp_path, make_fused):
    pairs, fused_dir = make_fused()
    with pytest.raises(InputError, match=r"unknown metric of convention 'eif' 'Qbaf'\. Did you mean 'Qabf'"):
        score_folder("average", pairs, fused_dir, tmp_path / "out", ["Qbaf"])


def test_fused_images_without_a_pair_are_ignored(tmp_path, make_fused):
    pairs, fused_dir = make_fused()
    scores = score_folder("average", pairs[:2], fused_dir, tmp_path / "out", NAMES)
    assert [row.image for row in scores] == [pair.stem for pair in pairs[:2]]


def test_scores_of_another_version_of_the_code_are_measured_again(tmp_path, make_fused):
    pairs, fused_dir = make_fused()
    record = tmp_path / "out" / "per_image" / "average.json"
    score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)
    mark(record, "00")
    assert marked(score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES)) == ["00"]
    record.write_text(record.read_text().replace('"code": "', '"code": "0'))
    assert not marked(score_folder("average", pairs, fused_dir, tmp_path / "out", NAMES))
