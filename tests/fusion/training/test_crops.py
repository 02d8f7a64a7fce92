import cv2
import numpy as np
import pytest
import torch

from fusion import build_fuser
from fusion.errors import FuserError
from fusion.images.pairs import Pair
from fusion.training.crops import CropSource

SIZE = 16
HALF = 3e-4  # rounding error of float16 below 1


def numbered(folder, index, height, width):
    """Write a pair whose pixels encode their position: row and column in infrared, 255 minus that in visible."""
    place = (np.arange(height)[:, None] * width + np.arange(width)).astype(np.uint8)
    paths = folder / f"ir{index}.png", folder / f"vi{index}.png"
    assert cv2.imwrite(str(paths[0]), place)
    assert cv2.imwrite(str(paths[1]), 255 - place)
    return Pair(str(index), *paths), torch.from_numpy(place.astype(np.float32) / 255)


@pytest.fixture
def pairs(tmp_path):
    rng = np.random.default_rng(0)
    found = []
    for index in range(3):
        infrared = rng.integers(0, 256, (30 + index, 41), np.uint8)
        paths = tmp_path / f"ir{index}.png", tmp_path / f"vi{index}.png"
        for path, pixels in zip(paths, (infrared, 255 - infrared), strict=True):
            assert cv2.imwrite(str(path), pixels)
        found.append(Pair(str(index), *paths))
    return found


@pytest.mark.parametrize("number", range(20))
def test_infrared_and_visible_are_cut_at_the_same_place_with_the_same_flips(pairs, number):
    crops = CropSource(pairs, SIZE, seed=0).random_batch([0, 1, 2], number)
    assert crops.shape == (3, 2, SIZE, SIZE)
    assert crops.dtype == torch.float32
    torch.testing.assert_close(crops[:, 0], 1 - crops[:, 1], rtol=0, atol=2 * HALF)


def test_each_of_the_eight_orientations_and_every_position_is_drawn(tmp_path):
    pair, place = numbered(tmp_path, 0, 17, 15)  # 3 rows and 1 column of positions for crops of 15
    source = CropSource([pair], 15, seed=0)
    seen = set()
    for number in range(300):
        crop = source.random_batch([0], number)[0, 0]
        found = [
            (top, axes, transposed)
            for top in range(3)
            for axes in ((), (0,), (1,), (0, 1))
            for transposed in (False, True)
            if torch.allclose(crop.T if transposed else crop, place[top : top + 15].flip(axes), rtol=0, atol=HALF)
        ]
        assert len(found) == 1
        seen.update(found)
    assert len(seen) == 3 * 8


def test_a_batch_depends_on_seed_and_number_only(pairs):
    fresh = CropSource(pairs, SIZE, seed=0)
    used = CropSource(pairs, SIZE, seed=0)
    for number in (3, 1, 4):
        used.random_batch([2, 0], number)
    assert torch.equal(used.random_batch([0, 1], 7), fresh.random_batch([0, 1], 7))
    assert not torch.equal(fresh.random_batch([0, 1], 8), fresh.random_batch([0, 1], 7))
    assert not torch.equal(CropSource(pairs, SIZE, seed=1).random_batch([0, 1], 7), fresh.random_batch([0, 1], 7))


def test_pairs_that_do_not_fit_the_cache_are_read_again(pairs, monkeypatch):
    expected = CropSource(pairs, SIZE, seed=0).random_batch([0, 1, 2, 0], 5)
    monkeypatch.setattr("fusion.training.crops.CACHE_BYTES", 0)
    assert torch.equal(CropSource(pairs, SIZE, seed=0).random_batch([0, 1, 2, 0], 5), expected)


def test_the_central_crop_is_unflipped_and_in_the_middle(tmp_path):
    pair, place = numbered(tmp_path, 0, 12, 20)
    crop = CropSource([pair], 8, seed=0).central_batch([0])[0]
    torch.testing.assert_close(crop[0], place[2:10, 6:14], rtol=0, atol=HALF)
    torch.testing.assert_close(crop[1], 1 - place[2:10, 6:14], rtol=0, atol=HALF)


@pytest.mark.parametrize("size", [(12, 9), (4, 40), (40, 4), (32, 32)])
def test_small_images_are_extended_by_reflection(tmp_path, size):
    pair, place = numbered(tmp_path, 0, *size)
    source = CropSource([pair], 32, seed=0)
    crop = source.central_batch([0])[0]
    assert crop.shape == (2, 32, 32)
    top, left = (max(side - 32, 0) // 2 + (side > 32) * ((side - 32) % 2) for side in size)
    period = [[*range(side), *range(side - 2, 0, -1)] for side in size]
    rows, columns = (
        [period[axis][(start + step) % len(period[axis])] if size[axis] < 32 else start + step for step in range(32)]
        for axis, start in ((0, top), (1, left))
    )
    torch.testing.assert_close(crop[0], place[rows][:, columns], rtol=0, atol=HALF)
    assert source.random_batch([0], 0).shape == (1, 2, 32, 32)


def test_eight_bit_levels_survive_the_cache(tmp_path):
    pair, place = numbered(tmp_path, 0, 16, 16)
    crop = CropSource([pair], 16, seed=0).central_batch([0])[0, 0]
    assert torch.equal((crop * 255).round(), place * 255)


def test_a_teacher_that_fails_is_reported_with_the_image(pairs):
    class Fails:
        learned = colour = False

        def fuse(self, infrared, visible):
            return infrared[..., 1:]

    with pytest.raises(
        FuserError, match=r"^image 1: wrong shape \(found \(1, 1, 31, 40\), expected \(1, 1, 31, 41\) for .*"
    ):
        CropSource(pairs, SIZE, seed=0, teacher=Fails()).random_batch([1], 0)


def test_the_teacher_output_for_the_whole_pair_is_cut_at_the_same_place(pairs):
    crops = CropSource(pairs, SIZE, seed=0, teacher=build_fuser("maximum"))
    for batch in (crops.random_batch([0, 1, 2], 3), crops.central_batch([0, 1, 2])):
        assert batch.shape == (3, 3, SIZE, SIZE)
        assert torch.equal(batch[:, 2], batch[:, :2].amax(dim=1))
