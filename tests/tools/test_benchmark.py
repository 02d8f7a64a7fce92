"""The benchmark as a user runs it: what is printed and what is written, never how fast it was."""

import csv
import sys

import pytest

from tests.run_tool import as_process, in_process

ORIGIN = ["command", "date", "commit", "machine", "versions", "threads", "allocator"]


@pytest.fixture
def benchmark(tmp_path):
    def benchmark(*arguments, run=in_process):
        return run("benchmark.py", *arguments, cwd=tmp_path, environment={"MALLOC_TRIM_THRESHOLD_": "1"})

    return benchmark


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


BRIEF = ("--backend", "pytorch", "--rounds", "1", "--threads", "1", "--device", "cpu", "--out", "out.csv")


def test_fusers_are_compared_at_several_sizes(tmp_path, benchmark):
    done = benchmark("fusers", "--size", "64x48", "37x21", "--fuser", "average", *BRIEF)
    assert done.returncode == 0, done.stderr
    assert [(row["size"], row["candidate"]) for row in table(tmp_path / "out.csv")] == [
        ("64x48", "average"),
        ("37x21", "average"),
    ]


def test_a_network_is_compared_with_its_plain_form_and_with_other_fusers(tmp_path, benchmark):
    done = benchmark("fusers", "--size", "64x48", "--fuser", "isfuse", "average", *BRIEF)
    assert done.returncode == 0, done.stderr
    rows = table(tmp_path / "out.csv")
    assert [row["candidate"] for row in rows] == ["plain", "isfuse", "isfuse bfloat16", "average"]
    assert list(rows[0])[-9:] == [*ORIGIN, "images", "rounds"]
    memory = ["memory_mb"] if sys.platform == "linux" else []
    for row in rows:
        assert all(float(row[name]) > 0 for name in ("median_ms", "images_per_s", "ratio", "start_s", *memory)), row
        assert (row["device"], row["threads"], row["note"]) == ("cpu", "1", "")
        assert row["allocator"] == "MALLOC_TRIM_THRESHOLD_=1"
    plain, ours, half, average = rows
    assert float(plain["ratio"]) == 1
    assert float(ours["difference"]) == 0
    assert 0 < float(plain["difference"]) < 255e-5 < float(half["difference"])
    assert float(plain["gmacs"]) > float(ours["gmacs"])
    assert average["gmacs"] == average["difference"] == average["peak_share"] == ""
    assert all(column in done.stdout for column in ("candidate", "memory_mb", "isfuse bfloat16", "smooth noise"))


def test_a_training_step_is_a_table_too(tmp_path, benchmark):
    done = benchmark("training", "--crop", "16", "--batch", "2", "--steps", "1", "--out", "out.csv")
    assert done.returncode == 0, done.stderr
    rows = table(tmp_path / "out.csv")
    assert [row["precision"] for row in rows] == ["float32", "bfloat16"]
    assert all(float(row["one_pass_ms"]) > 0 and float(row["ratio"]) > 0 for row in rows)
    assert all(float(row["recipe"]) == pytest.approx(0.75 + 0.25 * float(row["ratio"]), rel=1e-2) for row in rows)
    assert list(rows[0])[5:12] == ORIGIN


def test_metrics_equal_the_plain_rendition(tmp_path, benchmark, make_pairs):
    make_pairs(count=1, height=176, width=180)
    done = benchmark("metrics", "--infrared", "ir", "--visible", "vi", "--out", "out.csv")
    assert done.returncode == 0, done.stderr
    rows = table(tmp_path / "out.csv")
    assert rows[0]["metric"] == "EN"
    assert rows[-1]["metric"] == "suite"
    assert all(float(row["difference"]) < 1e-8 for row in rows)


def test_a_pipeline_tells_its_stages_and_that_a_second_run_skips_them(tmp_path, benchmark, make_pairs):
    make_pairs(count=2)
    settings = ("fusers=maximum", "metrics.names=AG", "effects.images=0")
    done = benchmark(
        "pipeline", "fusion_quality", *settings, "--data", ".", "--jobs", "2", "--out", "out.csv", run=as_process
    )
    assert done.returncode == 0, done.stderr
    rows = {row["stage"]: row for row in table(tmp_path / "out.csv")}
    assert {"prepare", "fuse/maximum", "score_fusion/maximum", "report"} < rows.keys()
    assert list(rows)[-1] == "all again, skipped"
    stages = list(rows.values())[:-1]
    assert sum(float(row["share"]) for row in stages) == pytest.approx(1)
    assert rows["fuse/maximum"]["items"] == "2"
    assert all(float(row["memory_mb"]) > 0 for row in stages)
    assert done.stdout.count("fuse/maximum: finished, skipped") == 1
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["fusers", "--size", "64by48"], ["--size 64by48", "WIDTHxHEIGHT"]),
        (["pipeline", "fusion_qualit"], ["unknown pipeline", "'fusion_quality'"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(benchmark, arguments, parts):
    done = benchmark(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert all(part in done.stderr for part in parts), done.stderr
