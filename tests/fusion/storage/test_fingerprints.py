"""Hashes change with content and names, and with nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fusion.storage.fingerprints import Fingerprints


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    (path / "sub").mkdir(parents=True)
    (path / "a.txt").write_text("one")
    (path / "sub" / "b.txt").write_text("two")
    return path


def fingerprint(path: Path, memory: Path | None = None) -> str:
    """Hash with a new instance, as the next process does."""
    fingerprints = Fingerprints(memory or path.parent / "memory.json")
    found = fingerprints.of(path)
    fingerprints.remember()
    return found


def test_another_content_of_equal_length_differs(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / "sub" / "b.txt").write_text("six")
    assert fingerprint(folder) != before


def test_the_contents_of_several_files_in_order_are_one_hash_whatever_they_are_called(folder: Path) -> None:
    first, second = folder / "a.txt", folder / "sub" / "b.txt"
    before = Fingerprints().of_all([first, second])
    assert Fingerprints().of_all([second, first]) != before
    assert Fingerprints().of_all([second.rename(folder / "c.txt"), first]) != before
    assert Fingerprints().of_all([first, folder / "c.txt"]) == before
    (folder / "c.txt").write_text("six")
    assert Fingerprints().of_all([first, folder / "c.txt"]) != before


def test_the_same_content_at_another_time_is_the_same(folder: Path) -> None:
    before = fingerprint(folder)
    for file in (folder / "a.txt", folder / "sub" / "b.txt"):
        os.utime(file, (1, 1))
    assert fingerprint(folder) == before
    (folder / "a.txt").write_text("one")
    assert fingerprint(folder) == before


def test_a_folder_moved_elsewhere_is_the_same(folder: Path, tmp_path: Path) -> None:
    before = fingerprint(folder)
    assert fingerprint(folder.rename(tmp_path / "moved")) == before


def test_a_renamed_file_differs(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / "a.txt").rename(folder / "c.txt")
    assert fingerprint(folder) != before


def test_swapped_contents_differ(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / "a.txt").write_text("two")
    (folder / "sub" / "b.txt").write_text("one")
    assert fingerprint(folder) != before


def test_an_added_file_differs_and_a_removed_one_is_as_before(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / "new.txt").write_text("")
    assert fingerprint(folder) != before
    (folder / "new.txt").unlink()
    assert fingerprint(folder) == before


def test_hidden_files_and_folders_do_not_count(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / ".DS_Store").write_text("x")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "c.txt").write_text("x")
    assert fingerprint(folder) == before


def test_a_single_file_is_hashed_too(folder: Path) -> None:
    before = fingerprint(folder / "a.txt")
    (folder / "a.txt").write_text("other")
    assert fingerprint(folder / "a.txt") != before


def test_the_memory_may_be_deleted(folder: Path, tmp_path: Path) -> None:
    before = fingerprint(folder)
    (tmp_path / "memory.json").unlink()
    assert fingerprint(folder) == before
    assert (tmp_path / "memory.json").exists()


def test_a_file_of_unchanged_size_and_time_is_not_read_again(folder: Path) -> None:
    file = folder / "a.txt"
    before, status = fingerprint(folder), file.stat()
    file.write_text("two")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert fingerprint(folder) == before


def test_what_does_not_exist_differs_from_a_file(folder: Path, tmp_path: Path) -> None:
    assert fingerprint(tmp_path / "nothing") != fingerprint(folder / "a.txt")


def test_content_behind_a_link_to_a_folder_counts(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "Vis").symlink_to(folder, target_is_directory=True)
    before = fingerprint(tmp_path / "linked")
    (folder / "a.txt").write_text("six")
    assert fingerprint(tmp_path / "linked") != before
