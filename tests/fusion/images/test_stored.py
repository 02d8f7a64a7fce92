"""Images kept as integers give what they give as float32, to the bit, in one strip or in many."""

import cv2
import numpy as np
import pytest
import torch

from fusion import build_fuser, fuse_pair, read_infrared, read_visible
from fusion.fusers.pair import fuse_stored
from fusion.images.images import luma, to_bytes
from fusion.images.pairs import Pair
from fusion.images.stored import STRIP_PIXELS, read_stored

SIZES = [(9, 7), (STRIP_PIXELS // 1000 + 50, 1001)]  # one strip, two strips
KINDS = [(1, np.uint8), (3, np.uint8), (4, np.uint8), (3, np.uint16)]


def save(path, size, channels, dtype=np.uint8):
    levels = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (*size, channels), dtype, endpoint=True)
    assert cv2.imwrite(str(path), levels, [cv2.IMWRITE_PNG_COMPRESSION, 0])
    return path


@pytest.mark.parametrize("size", SIZES)
def test_strips_cover_every_row_once(tmp_path, size):
    stored = read_stored(save(tmp_path / "a.png", size, 1))
    strips = list(stored.strips())
    assert [row for rows in strips for row in range(size[0])[rows]] == list(range(size[0]))
    assert len(strips) == SIZES.index(size) + 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("channels", "dtype"), KINDS)
def test_the_luma_of_an_infrared_file_is_that_of_the_whole(tmp_path, size, channels, dtype):
    path = save(tmp_path / "a.png", size, channels, dtype)
    stored = read_stored(path)
    extremes = (int(stored.pixels.min()), int(stored.pixels.max())) if dtype is np.uint16 else ()
    assert torch.equal(read_infrared(path), luma(stored.rgb(slice(None), *extremes)))


@pytest.mark.parametrize("fuser", ["average", "infrared"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("channels", "dtype"), KINDS)
def test_a_stored_pair_is_fused_to_the_bytes_of_the_pair_in_float32(tmp_path, fuser, size, channels, dtype):
    pair = Pair("a", save(tmp_path / "ir.png", size, 1), save(tmp_path / "vi.png", size, channels, dtype))
    expected = to_bytes(fuse_pair(build_fuser(fuser), read_infrared(pair.infrared), read_visible(pair.visible)))
    assert (fuse_stored(build_fuser(fuser), *pair.read_stored()) == expected).all()
