"""Pairs of two folders, and folders that do not match."""

import re

import cv2
import numpy as np
import pytest
import torch

from fusion.errors import InputError
from fusion.images.io import read_infrared, read_visible
from fusion.images.pairs import Pair, match_pairs


def blank(path, width=6, height=5):
    path.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(path), np.full((height, width), 9, np.uint8))
    return path


@pytest.fixture
def folders(tmp_path):
    for stem in ("b", "a"):
        blank(tmp_path / "ir" / f"{stem}.png")
        blank(tmp_path / "vi" / f"{stem}.png")
    return tmp_path / "ir", tmp_path / "vi"


def test_pairs_are_matched_by_stem_and_sorted(folders):
    infrared, visible = folders
    assert match_pairs(*folders) == [Pair(stem, infrared / f"{stem}.png", visible / f"{stem}.png") for stem in "ab"]


def test_suffixes_may_differ_in_kind_and_case(folders):
    infrared, visible = folders
    blank(infrared / "c.PNG")
    blank(visible / "c.jpg")
    assert match_pairs(*folders)[2] == Pair("c", infrared / "c.PNG", visible / "c.jpg")


@pytest.mark.parametrize(
    ("infrared", "visible"),
    [("FLIR_01_PreviewData", "FLIR_01_RGB"), ("FLIR_01_ir", "FLIR_01_vi"), ("FLIR_01-Thermal", "FLIR_01")],
)
def test_names_that_end_in_their_camera_are_those_of_one_scene(tmp_path, infrared, visible):
    files = blank(tmp_path / "ir" / f"{infrared}.png"), blank(tmp_path / "vi" / f"{visible}.jpg")
    assert match_pairs(tmp_path / "ir", tmp_path / "vi") == [Pair("FLIR_01", *files)]


def test_other_files_hidden_files_and_folders_are_skipped(folders):
    infrared, _ = folders
    (infrared / "notes.txt").write_text("x")
    (infrared / "more").mkdir()
    blank(infrared / ".a.123.part.png")
    assert [pair.stem for pair in match_pairs(*folders)] == ["a", "b"]


@pytest.mark.parametrize("lonely_side", [0, 1])
def test_stems_without_counterpart_are_listed_with_both_folders(folders, lonely_side):
    there, here = folders[lonely_side], folders[1 - lonely_side]
    for stem in "wxyz":
        blank(there / f"{stem}.png")
    message = f"{here}: 4 of 6 stems of {there} missing: w, x, y, ... (expected equal stems)"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        match_pairs(*folders)


def test_two_files_of_one_stem_are_both_reported(folders):
    blank(folders[1] / "a.jpg")
    with pytest.raises(InputError, match=r"vi/a\.png: same stem as a\.jpg \(expected one file per stem\)"):
        match_pairs(*folders)


def test_a_missing_folder_is_reported(folders):
    with pytest.raises(InputError, match=r"/none: no such folder \(expected a folder of images"):
        match_pairs(folders[0].parent / "none", folders[1])


def test_a_folder_without_images_is_reported_with_the_known_suffixes(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"/empty: no images found \(expected files ending in \.bmp, \.jpg"):
        match_pairs(folders[0], tmp_path / "empty")


def test_a_pair_reads_both_images(make_pairs):
    pair = make_pairs(count=1)[0]
    infrared, visible = pair.read()
    assert torch.equal(infrared, read_infrared(pair.infrared))
    assert torch.equal(visible, read_visible(pair.visible))
    assert infrared.shape == (1, 40, 48)


def test_images_of_different_sizes_are_reported_with_their_sizes(tmp_path):
    pair = Pair("a", blank(tmp_path / "ir" / "a.png", 6, 5), blank(tmp_path / "vi" / "a.png", 7, 4))
    message = f"{pair.infrared}: size differs from {pair.visible} (found 6x5 and 7x4, expected"
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        pair.read()
