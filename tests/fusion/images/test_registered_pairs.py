"""Pairs of two cameras that see differently, read through their registration."""

import re
from argparse import ArgumentParser
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from fusion.errors import InputError
from fusion.fusers import build_fuser, fuse_folder
from fusion.images import Pair, add_reading_options, match_pairs, read_infrared, reading_options
from fusion.scoring import score_folder
from tests.made_rigs import HOMOGRAPHY, frame_view, infrared_view, rig, visible_view, write_pairs

RIG = rig(HOMOGRAPHY)
OTHER = rig(HOMOGRAPHY, frame=(40, 30, 50, 40))
KERNEL = 4 * 2  # of the cubic interpolation in infrared pixels, in visible ones


@pytest.fixture
def root(tmp_path):
    return write_pairs(tmp_path, RIG, ["a", "b"])


def match(root, registration=RIG, infrared_range="dataset"):
    return match_pairs(root / "ir", root / "vi", infrared_range, registration)


def extent(image, other):
    """Return the larger side of the box around all pixels that differ by more than 4 %."""
    places = ((image - other).abs() > 0.04)[0].nonzero()
    return int((places.max(0).values - places.min(0).values + 1).max())


def write_counts(root, counts, stem="a"):
    assert cv2.imwrite(str(root / "ir" / f"{stem}.png"), counts)


def test_both_images_show_the_frame(root):
    for time, pair in enumerate(match(root)):
        infrared, visible = pair.read()
        assert infrared.shape[1:] == visible.shape[1:] == RIG.size[::-1]
        expected = frame_view(RIG, time)
        assert np.abs(visible[0].numpy() - expected).max() <= 0.5 / 255 + 1e-6
        assert np.abs(infrared[0].numpy() - expected)[3:-3, 3:-3].max() < 0.015
        assert torch.equal(pair.read_infrared(), infrared)
        assert torch.equal(pair.read_encoded()[1].rgb(), visible)


@pytest.mark.parametrize("camera", ["infrared", "visible"])
def test_an_image_of_another_size_than_the_registration_is_named_with_both_sizes(root, camera):
    pair = match(root)[1]
    path = getattr(pair, camera)
    expected = "80x64" if camera == "infrared" else "160x128"
    assert cv2.imwrite(str(path), np.zeros((50, 60), np.uint8))
    message = f"{path}: size differs from that of the registration (found 60x50, expected {expected}). Try: python"
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        pair.read()
    if camera == "infrared":
        with pytest.raises(InputError, match=f"^{re.escape(message)}"):
            pair.read_infrared()


def test_different_sizes_without_a_registration_say_what_to_try(root):
    with pytest.raises(InputError, match=r"pair of one size\)\. Try: python tools/register_pairs\.py$"):
        match(root, None)[0].read()


def test_a_pair_is_kept_in_json_with_the_content_of_its_registration(root):
    (pair, _) = match(root, rig(HOMOGRAPHY, used=9, date="2026-12-01"))
    values = pair.to_json()
    assert list(values) == ["stem", "infrared", "visible", "infrared_range", "registration"]
    assert Pair.from_json(values) == match(root, RIG)[0]
    assert list(replace(pair, registration=None).to_json()) == ["stem", "infrared", "visible"]


def test_what_decides_about_the_pixels_names_the_registration(root):
    pair = match(root)[0]
    readings = [replace(pair, registration=one).reading for one in (None, RIG, OTHER, rig(HOMOGRAPHY, used=9))]
    assert readings == ["", RIG.digest, OTHER.digest, RIG.digest]
    write_counts(root, np.full((64, 80), 7000, np.uint16))
    assert pair.reading == f"percentile {RIG.digest}"


def test_scores_of_another_registration_are_not_reused(root):
    fuse_folder(build_fuser("visible"), match(root), root / "fused", {})

    def scores(registration):
        return [one.values for one in score_folder("m", match(root, registration), root / "fused", root, ["MI"])]

    first = scores(RIG)
    bent = rig(HOMOGRAPHY @ np.diag([1.05, 1, 1]), frame=RIG.frame)
    assert scores(bent) != first
    assert scores(RIG) == first


def test_fused_images_of_another_registration_are_not_kept(root):
    def fuse(registration):
        return fuse_folder(build_fuser("average"), match(root, registration), root / "fused", {})

    assert [fuse(RIG), fuse(rig(HOMOGRAPHY, used=9)), fuse(OTHER)] == [2, 0, 2]
    assert cv2.imread(str(root / "fused" / "a.png")).shape == (40, 50, 3)


def test_the_range_of_a_data_set_is_that_of_whole_images(root):
    counts = np.full((64, 80), 7000, np.uint16)
    counts[:, :3] = 9000  # cut off by the frame
    for stem in ("a", "b"):
        write_counts(root, counts, stem)
    assert {pair.infrared_range for pair in match(root, rig(frame=(60, 30, 50, 40)))} == {(7000.0, 9000.0)}


@pytest.mark.parametrize("level", [0, 65535])
def test_a_dead_pixel_darkens_or_brightens_no_more_than_a_kernel(root, level):
    rng = np.random.default_rng(0)
    counts = cv2.GaussianBlur(rng.integers(7000, 7400, (64, 80)).astype(np.float32), (0, 0), 3).astype(np.uint16)
    dead = counts.copy()
    dead[32, 40] = level
    write_counts(root, counts, "a")
    write_counts(root, dead, "b")
    clean, spoilt = (pair.read_infrared() for pair in match(root, infrared_range=(7000.0, 7400.0)))
    assert 0 < extent(clean, spoilt) <= KERNEL


def test_a_pixel_without_value_spreads_no_further_than_a_kernel(root):
    temperatures = infrared_view(RIG).astype(np.float32) * 30
    spoilt = temperatures.copy()
    spoilt[32, 40] = np.nan
    for stem, values in (("a", temperatures), ("b", spoilt)):
        (root / "ir" / f"{stem}.png").unlink()
        assert cv2.imwrite(str(root / "ir" / f"{stem}.tiff"), values)
    clean, with_gap = (pair.read_infrared() for pair in match(root, infrared_range=(0.0, 30.0)))
    assert with_gap.isfinite().all()
    assert 0 < extent(clean, with_gap) <= KERNEL


def test_a_larger_frame_is_black_where_infrared_sees_nothing(root):
    whole = rig(HOMOGRAPHY, frame=(0, 0, 160, 128))
    infrared, visible = match(root, whole)[0].read()
    assert float(infrared[0, 0, 0]) == 0
    assert np.abs(visible[0].numpy() - visible_view(whole)).max() <= 0.5 / 255 + 1e-6


def test_the_options_of_a_tool_are_read_together(tmp_path):
    RIG.save(tmp_path / "rig.json")
    parser = ArgumentParser()
    add_reading_options(parser)
    given = parser.parse_args(["--infrared-range", "7000,9000", "--registration", str(tmp_path / "rig.json")])
    assert reading_options(given) == ((7000.0, 9000.0), RIG)
    assert reading_options(parser.parse_args([])) == ("dataset", None)
    with pytest.raises(InputError, match="cannot be read as JSON"):
        reading_options(parser.parse_args(["--registration", str(tmp_path / "none.json")]))


def test_without_a_registration_nothing_is_resampled(root):
    path = root / "ir" / "a.png"
    assert torch.equal(Pair("a", path, path).read()[0], read_infrared(path))
