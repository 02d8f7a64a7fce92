"""Candidates in their own processes, and the rows of the table."""

import subprocess
import sys

import pytest
import torch

from fusion.errors import InputError
from pipelines.benchmarks.candidates import Candidate
from pipelines.benchmarks.fusers import benchmark_fusers, choose_images, luma_pair, parse_size
from pipelines.benchmarks.trials import Reference, Trial, fuser_row, references, run_rounds
from tests.run_tool import ROOT

FUSER = """
import torch
class Strange:
    learned, colour = False, True
    calls = 0
    def fuse(self, infrared, visible):
        self.calls += 1
        if self.calls == {fails_at}:
            {failure}
        return visible
"""


def strange(path, fails_at, failure):
    path.write_text(FUSER.format(fails_at=fails_at, failure=failure))
    return Candidate(path.stem, f"{path}:Strange")


def test_a_candidate_that_fails_does_not_affect_the_others(tmp_path):
    candidates = [
        strange(tmp_path / "at_once.py", 1, "raise OSError('too\\nbad')"),
        strange(tmp_path / "later.py", 3, "raise OSError('later')"),
        strange(tmp_path / "crash.py", 3, "import os; os._exit(3)"),
        Candidate("average", "average"),
    ]
    *failed, average = run_rounds(candidates, luma_pair(None, (8, 6)), rounds=2, threads=1)
    assert [trial.reason for trial in failed] == [
        "OSError: too bad",
        "OSError: later",
        "its process ended with code 3",
    ]
    assert average.reason == ""
    assert len(average.seconds) == 2
    assert average.fused.shape == (1, 1, 6, 8)


def test_a_candidate_that_is_left_out_is_not_started_and_keeps_its_reason():
    (trial,) = run_rounds([Candidate("x", "no such fuser", left_out="no pairs")], luma_pair(None, (8, 6)), 1, 1)
    assert (trial.reason, trial.seconds) == ("no pairs", [])


def test_peak_memory_excludes_what_was_there_before_and_includes_what_was_freed():
    code = """
import torch
from pipelines.benchmarks.isolated import MemoryPeak
held = torch.ones(32, 1024, 1024)  # 128 MB
memory = MemoryPeak("cpu")
before = memory.bytes()
block = torch.ones(32, 1024, 1024)
del block
print(before, memory.bytes())
"""  # in a process of its own, as in a benchmark: memory that earlier tests have freed may be used again
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    before, peak = map(int, done.stdout.split())
    assert 0 <= before < 64 * 1024**2
    assert 120 * 1024**2 < peak < 256 * 1024**2


def test_a_row_holds_ratios_within_the_rounds_and_the_difference_in_grey_levels():
    reference = {"isfuse": Reference(torch.zeros(1, 1, 2, 2), macs=3_000_000_000, parameters=2000)}
    first = Trial(seconds=[2.0, 4.0, 6.0])
    trial = Trial([1.0, 1.0, 3.0], torch.full((1, 1, 2, 2), 0.1), 1.5, 2 * 1024**2, matmul_flops=12e9)
    row = fuser_row(Candidate("isfuse bfloat16", "isfuse"), trial, first, reference)
    assert (row["median_ms"], row["images_per_s"], row["ratio"]) == (1000, 1, 2)
    assert (row["ratio_low"], row["ratio_high"]) == (2, 3)
    assert row["difference"] == pytest.approx(25.5)
    assert (row["memory_mb"], row["gmacs"], row["kparameters"], row["peak_share"]) == (2, 3, 2, 0.5)


def test_a_failed_row_has_its_reason_and_no_numbers():
    row = fuser_row(Candidate("average", "average"), Trial(reason="because"), Trial(seconds=[1.0]), {})
    assert row["note"] == "because"
    assert {row[name] for name in ("median_ms", "ratio", "memory_mb", "difference", "peak_share")} == {None}


def test_there_is_no_ratio_if_the_first_row_failed():
    row = fuser_row(Candidate("average", "average"), Trial([0.5]), Trial(reason="because"), {})
    assert (row["median_ms"], row["ratio"]) == (500, None)


def test_the_plain_form_has_its_own_work_and_the_others_that_of_their_fuser():
    candidates = [Candidate("plain", "isfuse"), Candidate("isfuse compiled", "isfuse"), Candidate("average", "average")]
    found = references(candidates, *luma_pair(None, (64, 48)))
    assert found.keys() == {"plain", "isfuse"}
    assert found["plain"].parameters == 192_388
    assert found["plain"].macs > 1.05 * found["isfuse"].macs
    assert found["isfuse"].macs > 80_000 * 64 * 48  # with attention, 83 thousand a pixel; 72 without
    assert (found["plain"].fused - found["isfuse"].fused).abs().max() < 1e-5


def test_the_first_pair_is_fused_and_the_others_calibrate(make_pairs):
    pairs = make_pairs(count=3)
    fused, calibration = choose_images(pairs[0].infrared.parent, pairs[0].visible.parent)
    assert fused == pairs[0]
    assert calibration == pairs[1:]
    assert [image.shape for image in luma_pair(fused, (20, 10))] == [(1, 1, 10, 20)] * 2


def test_one_folder_alone_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"only one is given \(expected both folders or none\)"):
        choose_images(tmp_path, None)


@pytest.mark.parametrize("text", ["640", "640x", "640x480x3", "3x480", "axb", "-5x9"])
def test_an_invalid_size_is_refused(text):
    with pytest.raises(InputError, match=f"--size {text}: .*expected WIDTHxHEIGHT in pixels"):
        parse_size(text)
    assert parse_size("640x480") == (640, 480)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ({"fusers": ["isfus"]}, "unknown fuser 'isfus'. Did you mean 'isfuse'"),
        ({"fusers": ["onnx"]}, "fuser 'onnx': missing option 'model'"),
        ({"backends": ["pytorc"]}, "unknown backend 'pytorc'. Did you mean 'pytorch'"),
        ({"rounds": 0}, "--rounds 0 --threads 1: expected both to be at least 1"),
        ({"device": "gpu"}, "device='gpu'"),
    ],
)
def test_invalid_input_is_refused_before_anything_is_measured(mistake, message):
    usual = {"fusers": ["average"], "sizes": ["8x6"], "backends": ["pytorch"], "rounds": 1, "threads": 1}
    rest = {"device": "cpu", "infrared_dir": None, "visible_dir": None, "command": ""}
    with pytest.raises(InputError) as refusal:
        benchmark_fusers(**{**usual, **rest, **mistake})
    assert message in str(refusal.value)
