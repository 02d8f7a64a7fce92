"""Reading and writing of image files, and files that are refused."""

import re

import cv2
import numpy as np
import pytest
import torch

from fusion import build_fuser, fuse_pair
from fusion.errors import InputError
from fusion.fusers.pair import fuse_encoded
from fusion.images.colour import luma, to_bgr, to_bytes
from fusion.images.io import (
    STRIP_PIXELS,
    EncodedImage,
    read_encoded,
    read_infrared,
    read_visible,
    write_image,
)
from fusion.images.pairs import Pair

RNG_SIZE = (9, 7)
SIZES = [RNG_SIZE, (STRIP_PIXELS // 1000 + 50, 1001)]  # one strip, two strips
KINDS = [(1, np.uint8), (3, np.uint8), (4, np.uint8), (3, np.uint16)]


def save(path, pixels):
    assert cv2.imwrite(str(path), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 0])
    return path


def random_levels(channels, dtype=np.uint8, size=RNG_SIZE):
    top = np.iinfo(dtype).max
    return np.random.default_rng(1).integers(0, top, (*size, channels), dtype, endpoint=True)


@pytest.mark.parametrize("read", [read_infrared, read_visible])
def test_an_8_bit_grey_file_is_divided_by_255(tmp_path, read):
    grey = random_levels(1)
    image = read(save(tmp_path / "a.png", grey))
    assert image.dtype == torch.float32
    assert image.shape == (1 if read is read_infrared else 3, *RNG_SIZE)
    expected = torch.from_numpy(grey[..., 0].astype(np.float32)) / 255
    assert all(torch.equal(channel, expected) for channel in image)


def test_a_colour_file_is_read_as_rgb(tmp_path):
    bgr = random_levels(3)
    image = read_visible(save(tmp_path / "a.png", bgr))
    assert torch.equal(image, torch.from_numpy(bgr[..., ::-1].transpose(2, 0, 1).astype(np.float32)) / 255)


def test_pixels_in_memory_are_converted_like_those_of_a_file(tmp_path):
    bgr = random_levels(3)
    assert torch.equal(EncodedImage(bgr).rgb(), read_visible(save(tmp_path / "a.png", bgr)))


def test_conversion_to_float_and_back_keeps_pixels():
    bgr = random_levels(3)
    assert np.array_equal(to_bgr(EncodedImage(bgr).rgb()), bgr)


def test_an_infrared_file_of_three_channels_becomes_its_luma(tmp_path):
    path = save(tmp_path / "a.png", random_levels(3))
    assert torch.equal(read_infrared(path), luma(read_visible(path)))


def test_an_infrared_file_of_three_equal_channels_reads_as_the_grey_one(tmp_path):
    grey = random_levels(1)
    three = save(tmp_path / "three.png", np.repeat(grey, 3, axis=2))
    assert torch.equal(read_infrared(three), read_infrared(save(tmp_path / "one.png", grey)))


def test_a_16_bit_infrared_file_is_stretched_between_its_own_extremes(tmp_path):
    counts = np.array([[7000, 7500], [8000, 9000]], np.uint16)
    image = read_infrared(save(tmp_path / "a.png", counts))
    assert torch.equal(image, torch.tensor([[[0.0, 0.25], [0.5, 1.0]]]))


def test_a_constant_16_bit_infrared_file_is_black_and_finite(tmp_path):
    image = read_infrared(save(tmp_path / "a.png", np.full((4, 4), 7000, np.uint16)))
    assert torch.equal(image, torch.zeros(1, 4, 4))


def test_a_16_bit_visible_file_is_divided_by_its_full_range(tmp_path):
    bgr = random_levels(3, np.uint16)
    image = read_visible(save(tmp_path / "a.png", bgr))
    torch.testing.assert_close(
        image, torch.from_numpy(bgr[..., ::-1].transpose(2, 0, 1) / np.float32(65535)), rtol=0, atol=1e-7
    )


def test_an_alpha_channel_is_dropped(tmp_path):
    bgra = random_levels(4)
    with_alpha, without = save(tmp_path / "a.png", bgra), save(tmp_path / "b.png", bgra[..., :3])
    assert torch.equal(read_visible(with_alpha), read_visible(without))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_written_image_is_clamped_rounded_and_reads_back(tmp_path, channels):
    levels = torch.tensor([-20.0, 0.4, 0.6, 100.49, 100.51, 254.6, 400.0]) / 255
    image = torch.stack([levels.roll(shift) for shift in range(channels)])[:, None]
    write_image(tmp_path / "a.png", image)
    expected = torch.tensor([0.0, 0.0, 1.0, 100.0, 101.0, 255.0, 255.0]) / 255
    back = read_visible(tmp_path / "a.png")
    assert torch.equal(back[:channels, 0], torch.stack([expected.roll(shift) for shift in range(channels)]))


def test_bytes_survive_writing_and_reading(tmp_path):
    image = read_visible(save(tmp_path / "a.png", random_levels(3)))
    write_image(tmp_path / "b.png", image)
    assert torch.equal(read_visible(tmp_path / "b.png"), image)


@pytest.mark.parametrize("read", [read_infrared, read_visible])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot be read \(No such file"),
        (b"", r"not an image that OpenCV can decode \(0 bytes\)"),
        (b"no image", r"not an image that OpenCV can decode \(8 bytes\)"),
        (cv2.imencode(".png", random_levels(3))[1].tobytes()[:100], r"not an image .* \(100 bytes\)"),
    ],
    ids=["missing", "empty", "text", "truncated"],
)
def test_an_unusable_file_is_reported(tmp_path, read, content, message):
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=f"^{re.escape(str(path))}: {message}"):
        read(path)


def test_a_visible_image_of_floats_is_reported(tmp_path):
    path = save(tmp_path / "a.tif", np.ones((4, 4), np.float32))
    with pytest.raises(InputError, match=r"unsupported bit depth \(found float32, expected 8- or 16-bit"):
        read_visible(path)


def test_an_unknown_suffix_is_reported(tmp_path):
    with pytest.raises(
        InputError, match=r"a\.xyz: unknown image format \(found suffix '\.xyz', expected one of \.bmp, "
    ):
        write_image(tmp_path / "a.xyz", torch.zeros(3, 4, 4))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", SIZES)
def test_strips_cover_every_row_once(tmp_path, size):
    encoded = read_encoded(save(tmp_path / "a.png", random_levels(1, size=size)))
    strips = list(encoded.strips())
    assert [row for rows in strips for row in range(size[0])[rows]] == list(range(size[0]))
    assert len(strips) == SIZES.index(size) + 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("channels", "dtype"), KINDS)
def test_luma_in_strips_equals_that_of_the_whole_image(tmp_path, size, channels, dtype):
    path = save(tmp_path / "a.png", random_levels(channels, dtype, size))
    encoded = read_encoded(path)
    extremes = (int(encoded.pixels.min()), int(encoded.pixels.max())) if dtype is np.uint16 else ()
    assert torch.equal(read_infrared(path, "image"), luma(encoded.rgb(slice(None), *extremes)))


@pytest.mark.parametrize("fuser", ["average", "infrared"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("channels", "dtype"), KINDS)
def test_an_encoded_pair_is_fused_to_the_bytes_of_the_pair_in_float32(tmp_path, fuser, size, channels, dtype):
    infrared = save(tmp_path / "ir.png", random_levels(1, size=size))
    visible = save(tmp_path / "vi.png", random_levels(channels, dtype, size))
    pair = Pair("a", infrared, visible)
    expected = to_bytes(fuse_pair(build_fuser(fuser), read_infrared(pair.infrared), read_visible(pair.visible)))
    assert (fuse_encoded(build_fuser(fuser), *pair.read_encoded()) == expected).all()
