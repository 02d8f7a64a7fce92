"""Files are written atomically; what cannot be read or written is reported by name."""

import subprocess
import sys

import pytest

from fusion.errors import InputError
from fusion.storage.files import atomic_path, read_json, remove_partial, write_bytes, write_json, write_text

FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from fusion.errors import InputError
from fusion.storage.files import write_bytes
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails as on a full disk, instead of killing the process
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_bytes(Path(sys.argv[1]), bytes(5000))
except InputError as error:
    print(error)
"""


def fail_halfway(path):
    with atomic_path(path) as partial:
        partial.write_bytes(b"half")
        raise KeyError


def test_a_written_file_has_the_content_and_leaves_no_other_file(tmp_path):
    write_text(tmp_path / "new" / "a.txt", "größer\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "größer\n".encode()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.txt"]


def test_an_existing_file_is_replaced(tmp_path):
    write_bytes(tmp_path / "a", b"old")
    write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_reader_of_the_old_file_is_not_disturbed(tmp_path):
    write_bytes(tmp_path / "a", b"old")
    with (tmp_path / "a").open("rb") as reader:
        write_bytes(tmp_path / "a", b"new")
        assert reader.read() == b"old"


def test_the_target_appears_only_at_the_end(tmp_path):
    with atomic_path(tmp_path / "a.png") as partial:
        partial.write_bytes(b"half")
        assert not (tmp_path / "a.png").exists()
        assert partial.suffix == ".png"
        assert partial.name.startswith(".")


def test_a_failure_inside_leaves_neither_target_nor_partial_file(tmp_path):
    with pytest.raises(KeyError):
        fail_halfway(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_inside_keeps_the_earlier_target(tmp_path):
    write_bytes(tmp_path / "a", b"old")
    with pytest.raises(KeyError):
        fail_halfway(tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_full_disk_is_reported_and_keeps_the_earlier_target(tmp_path, subprocess_environment):
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(target)], env=subprocess_environment, capture_output=True, text=True
    )
    assert run.stdout == f"{target}: cannot be written (File too large). Try: another folder, or free disk space\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("name", ["file/a.txt", "file/deeper/a.txt", "n" * 300 + ".txt"])
def test_a_path_that_cannot_be_written_is_reported(tmp_path, name):
    (tmp_path / "file").write_text("a file, no folder")
    with pytest.raises(InputError, match=r"a?\.txt: cannot be written \("):
        write_text(tmp_path / name, "x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_target_that_is_a_folder_is_reported_and_leaves_no_partial_file(tmp_path):
    (tmp_path / "a" / "inside").mkdir(parents=True)
    with pytest.raises(InputError, match=r"/a: cannot be written \(Is a directory\)"):
        write_text(tmp_path / "a", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_only_the_files_of_a_killed_writer_are_removed(tmp_path):
    kept = [tmp_path / ".key.json", tmp_path / "a.12.part.png", tmp_path / ".a.part" / "half.txt"]
    for path in (*kept, tmp_path / "deep" / ".curves.4711.part.png", tmp_path / ".b.c.12.part"):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    remove_partial(tmp_path)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(kept)


def test_json_survives_writing_and_reading(tmp_path):
    value = {"stem": "Größe", "values": [1, 2.5, None]}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe"])
def test_a_file_without_json_is_reported(tmp_path, content):
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json: cannot be read as JSON"):
        read_json(tmp_path / "a.json")
