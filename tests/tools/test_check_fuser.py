"""The tool that checks a fuser, as a user runs it: from another folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.run_tool import Done, as_process, in_process

FUSER = """\
class Shrinking:
    learned, colour = False, True

    def __init__(self, step: int = 1):
        self.step = step

    def fuse(self, infrared, visible):
        return infrared[..., :: self.step]
"""


def check(cwd: Path, *arguments: str) -> Done:
    return in_process("check_fuser.py", *arguments, cwd=cwd)


def test_a_fuser_without_violations_keeps_the_contract(tmp_path: Path) -> None:
    done = as_process("check_fuser.py", "laplacian", "levels=2", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "laplacian keeps the contract\n"), done.stderr


def test_violations_are_listed(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FUSER)
    assert check(tmp_path, "mine.py:Shrinking").returncode == 0
    done = check(tmp_path, "mine.py:Shrinking", "step=2")
    assert done.returncode == 1, done.stderr
    first, second = done.stdout.splitlines()[:2]
    assert first == "mine.py:Shrinking violates the contract:"
    assert (
        second
        == "  images of 4x4: wrong shape (found (3, 1, 4, 2), expected (3, 1, 4, 4) for luma or (3, 3, 4, 4) for RGB)"
    )


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["laplacain"], "Did you mean 'laplacian'"),
        (["laplacian", "levles=3"], "Did you mean 'levels'"),
        (["laplacian", "levels"], "'levels': not of the form key.sub=value"),
        (["onnx"], "missing option 'model'"),
        (["mine.py:Other"], "mine.py: cannot be read"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(tmp_path: Path, arguments: list[str], part: str) -> None:
    done = check(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert part in done.stderr
