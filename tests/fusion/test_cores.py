import os
import subprocess
import sys

import pytest

from fusion.cores import available_cores
from tests.run_tool import ROOT


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000", None), ("50000 100000", 1), ("100000 100000", 1), ("nonsense", None), ("99900000 100000", None)],
)
def test_the_quota_of_a_container_limits_the_cores(tmp_path, quota, expected):
    (tmp_path / "cpu.max").write_text(f"{quota}\n")
    assert available_cores(tmp_path) == (expected or len(os.sched_getaffinity(0)))


def test_a_quota_in_the_older_form_is_read_too(tmp_path):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("100000\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert available_cores(tmp_path) == 1
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("-1\n")
    assert available_cores(tmp_path) == len(os.sched_getaffinity(0))


def test_cores_that_the_process_may_not_run_on_do_not_count(tmp_path):
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from fusion.cores import *; print("
    done = subprocess.run(
        [sys.executable, "-c", f"{code}available_cores())"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"


@pytest.mark.parametrize(("set_before", "expected"), [({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")])
def test_threads_wait_passively_unless_the_user_says_otherwise(set_before, expected):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")} | set_before
    code = "import fusion, os, sys; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [expected, "False"]
