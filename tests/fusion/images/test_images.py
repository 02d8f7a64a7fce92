import re

import cv2
import numpy as np
import pytest
import torch

from fusion.errors import InputError
from fusion.images.images import luma, read_infrared, read_visible, to_bgr, to_bytes, with_chroma_of, write_image
from fusion.images.stored import StoredImage

RNG_SIZE = (9, 7)


def save(path, pixels):
    assert cv2.imwrite(str(path), pixels)
    return path


def random_levels(channels, dtype=np.uint8):
    top = np.iinfo(dtype).max
    return np.random.default_rng(1).integers(0, top, (*RNG_SIZE, channels), dtype, endpoint=True)


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


def test_pixels_in_memory_are_what_the_file_of_them_is_read_as(tmp_path):
    bgr = random_levels(3)
    assert torch.equal(StoredImage(bgr).rgb(), read_visible(save(tmp_path / "a.png", bgr)))


def test_pixels_come_back_from_memory_unchanged():
    bgr = random_levels(3)
    assert np.array_equal(to_bgr(StoredImage(bgr).rgb()), bgr)


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


def test_luma_equals_that_of_opencv_on_floats():
    rgb = np.random.default_rng(2).random((33, 31, 3), np.float32)
    expected = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)[..., 0]
    ours = luma(torch.from_numpy(rgb.transpose(2, 0, 1)))
    torch.testing.assert_close(ours[0], torch.from_numpy(expected), rtol=0, atol=1e-6)


def test_new_luma_with_old_chroma_equals_opencv_on_floats():
    rng = np.random.default_rng(3)
    rgb, y = rng.random((33, 31, 3), np.float32), rng.random((33, 31), np.float32)
    ycrcb = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)
    ycrcb[..., 0] = y
    expected = np.clip(cv2.cvtColor(ycrcb, cv2.COLOR_YCrCb2RGB), 0, 1)
    ours = with_chroma_of(torch.from_numpy(y)[None], torch.from_numpy(rgb.transpose(2, 0, 1)))
    torch.testing.assert_close(ours, torch.from_numpy(expected.transpose(2, 0, 1)), rtol=0, atol=1e-6)


def test_grey_keeps_its_luma_exactly():
    grey = torch.linspace(0, 1, 256).expand(3, 1, -1)
    assert torch.equal(luma(grey), grey[:1])


def test_an_image_with_its_own_luma_comes_back_within_a_tenth_of_a_level():
    steps = torch.linspace(0, 1, 18)
    rgb = torch.cartesian_prod(steps, steps, steps).T.reshape(3, 54, 108)  # the whole colour cube
    difference = (with_chroma_of(luma(rgb), rgb) - rgb).abs() * 255
    assert difference.max() < 0.1
    assert (to_bytes(with_chroma_of(luma(rgb), rgb)) == to_bytes(rgb)).all()


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
        (b"", r"not an image that can be decoded \(0 bytes\)"),
        (b"no image", r"not an image that can be decoded \(8 bytes\)"),
        (cv2.imencode(".png", random_levels(3))[1].tobytes()[:100], r"not an image that can be decoded \(100 bytes\)"),
        (cv2.imencode(".tif", np.ones((4, 4), np.float32))[1].tobytes(), "float32 pixels; expected 8- or 16-bit"),
    ],
    ids=["missing", "empty", "text", "truncated", "float32"],
)
def test_an_unusable_file_is_named(tmp_path, read, content, message):
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=f"^{re.escape(str(path))}: {message}"):
        read(path)


def test_a_suffix_opencv_cannot_write_is_named(tmp_path):
    with pytest.raises(InputError, match=r"a\.xyz"):
        write_image(tmp_path / "a.xyz", torch.zeros(3, 4, 4))
    assert list(tmp_path.iterdir()) == []
