"""Which infrared levels become black and white, for one image and for a whole data set."""

import cv2
import numpy as np
import pytest
import torch

from fusion.errors import InputError
from fusion.fusers import build_fuser, fuse_folder
from fusion.images import match_pairs, read_infrared, require_range
from fusion.images.pairs import Pair

SIZE = (40, 50)
COUNTS = np.random.default_rng(0).integers(7000, 7400, SIZE, np.uint16)


def write_pair(folder, stem, infrared):
    for name, pixels in (("ir", infrared), ("vi", np.full(SIZE, 9, np.uint8))):
        (folder / name).mkdir(exist_ok=True)
        assert cv2.imwrite(str(folder / name / f"{stem}.png"), pixels)


def match(folder, *infrared_range):
    return match_pairs(folder / "ir", folder / "vi", *infrared_range)


def with_dead_pixel(level=0):
    dead = COUNTS.copy()
    dead[3, 4] = level
    return dead


@pytest.mark.parametrize("level", [0, 65535])
def test_a_dead_pixel_keeps_the_contrast_of_its_scene(tmp_path, level):
    write_pair(tmp_path, "clean", COUNTS)
    write_pair(tmp_path, "dead", with_dead_pixel(level))
    clean, dead = (read_infrared(tmp_path / "ir" / f"{name}.png") for name in ("clean", "dead"))
    assert abs(float(clean.std()) - float(dead.std())) < 1 / 255
    assert float(dead[0, 3, 4]) == (level > 0)


def test_equal_levels_look_alike_in_all_images_of_a_data_set(tmp_path):
    write_pair(tmp_path, "cold", COUNTS)
    write_pair(tmp_path, "hot", np.where(COUNTS > 7390, 12000, COUNTS).astype(np.uint16))
    cold, hot = (pair.read()[0] for pair in match(tmp_path))
    same = torch.from_numpy(COUNTS <= 7390)[None]
    assert torch.equal(cold[same], hot[same])
    assert float(hot.max()) == 1


def test_a_dead_pixel_does_not_set_the_range_of_a_data_set(tmp_path):
    write_pair(tmp_path, "a", COUNTS)
    alone = match(tmp_path)[0].infrared_range
    write_pair(tmp_path, "b", with_dead_pixel())
    assert match(tmp_path)[0].infrared_range == pytest.approx(alone, abs=4)


@pytest.mark.parametrize("infrared_range", ["dataset", "percentile", "image", (10.0, 20.0)])
def test_8_bit_images_are_divided_by_255_whatever_the_range(tmp_path, infrared_range):
    levels = (COUNTS % 256).astype(np.uint8)
    write_pair(tmp_path, "a", levels)
    infrared = match(tmp_path, infrared_range)[0].read()[0]
    assert torch.equal(infrared, torch.from_numpy(levels)[None] / 255)


def test_without_deep_images_pairs_and_their_record_are_what_they_were(tmp_path):
    write_pair(tmp_path, "a", (COUNTS % 256).astype(np.uint8))
    (pair,) = match(tmp_path)
    assert pair == Pair("a", tmp_path / "ir" / "a.png", tmp_path / "vi" / "a.png")
    assert list(pair.to_json()) == ["stem", "infrared", "visible"]


def test_two_levels_become_black_and_white(tmp_path):
    write_pair(tmp_path, "a", COUNTS)
    infrared = match(tmp_path, (7100.0, 7300.0))[0].read()[0]
    expected = np.clip((COUNTS.astype(np.float32) - 7100) / 200, 0, 1)
    assert np.allclose(infrared[0].numpy(), expected, atol=1e-6)


def test_each_image_between_its_own_extremes_is_what_was_read_before(tmp_path):
    write_pair(tmp_path, "a", with_dead_pixel())
    infrared = match(tmp_path, "image")[0].read()[0]
    dead = with_dead_pixel().astype(np.float32)
    assert torch.equal(infrared, torch.from_numpy(dead / dead.max())[None])


@pytest.mark.parametrize("infrared_range", ["image", (7000.0, 7400.0)])
def test_a_pair_keeps_its_range_in_a_record(tmp_path, infrared_range):
    write_pair(tmp_path, "a", COUNTS)
    (pair,) = match(tmp_path, infrared_range)
    assert Pair.from_json(pair.to_json()) == pair


def test_images_fused_with_another_range_are_fused_anew(tmp_path):
    write_pair(tmp_path, "a", COUNTS)
    fused = [
        fuse_folder(build_fuser("average"), match(tmp_path, rule), tmp_path / "out", {"fuser": "average"})
        for rule in ("percentile", "image", "image", (0.0, 9000.0))
    ]
    assert fused == [1, 1, 0, 1]


@pytest.mark.parametrize("rule", ["full", [1], [2, 1], [1, 1], ["a", 2], [0, float("inf")], None, 3, [True, 2]])
def test_what_is_no_range_is_refused_with_the_choices(rule):
    with pytest.raises(
        InputError, match=r"^data\.infrared_range=.*: no range .*expected dataset, percentile, image, or"
    ):
        require_range(rule, "data.infrared_range")
