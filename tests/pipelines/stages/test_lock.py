from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fusion.errors import InputError
from pipelines.stages.lock import locked

HOLDER = """
import sys
from pathlib import Path
from pipelines.stages.lock import locked

with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def other_process(work_dir: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Hold `work_dir` in another process."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(work_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=work_dir.parent,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_folder_in_use_is_refused_with_the_number_of_the_process(
    tmp_path: Path, subprocess_environment: dict[str, str]
) -> None:
    with (
        other_process(tmp_path / "work", subprocess_environment) as process,
        pytest.raises(InputError, match=rf"work: in use by process {process.pid}\b.*--work-dir"),
        locked(tmp_path / "work"),
    ):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path, subprocess_environment: dict[str, str]) -> None:
    with other_process(tmp_path / "work", subprocess_environment) as process:
        process.kill()
        process.wait()
        with locked(tmp_path / "work"):
            assert (tmp_path / "work" / ".lock").read_text() == str(os.getpid())


def test_the_lock_is_free_again_after_the_block(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "work"):
            assert (tmp_path / "work" / ".lock").read_text() == str(os.getpid())


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), locked(tmp_path / "work"):
        raise RuntimeError
    with locked(tmp_path / "work"):
        pass


def test_two_folders_are_held_at_once(tmp_path: Path) -> None:
    with locked(tmp_path / "a"), locked(tmp_path / "b"):
        assert {(tmp_path / name / ".lock").read_text() for name in "ab"} == {str(os.getpid())}


def test_a_folder_that_cannot_be_made_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"), locked(tmp_path / "file" / "work"):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="cannot be written"), locked(tmp_path / "work"):
            pass
    finally:
        tmp_path.chmod(0o700)
