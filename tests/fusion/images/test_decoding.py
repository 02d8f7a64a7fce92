"""What the numbers of a file mean: orientation, which end is white, alpha, values of more than 8 bits."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
import torch

from fusion.fusers import build_fuser, fuse_folder
from fusion.images import match_pairs, read_infrared, read_visible
from fusion.images.decoding import is_deep, read_pixels
from tests.run_tool import as_process

SCENE = np.random.default_rng(0).integers(0, 200, (6, 9, 3), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
UPRIGHT = {  # how the stored pixels of each EXIF orientation become upright
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: lambda stored: np.rot90(stored),
}


def write_turned(path, pixels, orientation):
    """Write an image with EXIF, by PIL, which is not the library that reads it."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels[..., ::-1] if pixels.ndim == 3 else pixels).save(path, exif=exif)
    return path


def write_tiff(path, pixels, photometric=1, orientation=1, order="<", padding=0):
    """Write an uncompressed grey TIFF of one strip by hand: libraries write few of the forms that exist."""
    pixels = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder(order)))
    height, width = pixels.shape
    kinds = {"u": 1, "i": 2, "f": 3}
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8 * pixels.itemsize),
        (259, 3, 1),
        (262, 3, photometric),
        (273, 4, 8 + padding),
        (274, 3, orientation),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, pixels.nbytes),
        (339, 3, kinds[pixels.dtype.kind]),
    ]
    content = io.BytesIO()
    content.write({"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8 + padding + pixels.nbytes))
    content.write(b"\0" * padding + pixels.tobytes() + struct.pack(f"{order}H", len(entries)))
    for tag, kind, value in entries:
        content.write(struct.pack(f"{order}HHI", tag, kind, 1))
        content.write(struct.pack(f"{order}I", value) if kind == 4 else struct.pack(f"{order}HH", value, 0))
    path.write_bytes(content.getvalue() + b"\0" * 4)
    return path


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_an_image_is_read_upright(tmp_path, suffix, orientation):
    turned = read_pixels(write_turned(tmp_path / f"turned.{suffix}", SCENE, orientation))
    plain = read_pixels(write_turned(tmp_path / f"plain.{suffix}", SCENE, 1))
    assert np.array_equal(turned, UPRIGHT[orientation](plain))


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_a_tiff_is_read_upright(tmp_path, orientation):
    counts = np.arange(48, dtype=np.uint16).reshape(6, 8)
    turned = read_pixels(write_tiff(tmp_path / "turned.tif", counts, orientation=orientation))
    assert np.array_equal(turned[..., 0], UPRIGHT[orientation](counts))


def test_a_turned_photo_is_fused_as_the_upright_one(tmp_path):
    for folder, orientation in (("turned", 3), ("plain", 1)):
        (tmp_path / folder).mkdir()
        stored = UPRIGHT[orientation](SCENE)
        write_turned(tmp_path / folder / "a.png", np.ascontiguousarray(stored), orientation)
    (tmp_path / "ir").mkdir()
    assert cv2.imwrite(str(tmp_path / "ir" / "a.png"), SCENE[..., 0])
    fused = []
    for folder in ("turned", "plain"):
        pairs = match_pairs(tmp_path / "ir", tmp_path / folder)
        fuse_folder(build_fuser("average"), pairs, tmp_path / f"of_{folder}", {"fuser": "average"})
        fused.append(read_visible(tmp_path / f"of_{folder}" / "a.png"))
    assert torch.equal(*fused)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_white_zero_tiff_shows_the_scene_of_the_black_zero_one(tmp_path, dtype, order):
    counts = np.arange(48).reshape(6, 8).astype(dtype)
    inverted = -counts if dtype is np.float32 else ~counts
    black = write_tiff(tmp_path / "black.tif", counts, order=order)
    white = write_tiff(tmp_path / "white.tif", inverted, photometric=0, order=order, padding=6)
    assert torch.equal(read_infrared(white), read_infrared(black))
    assert read_infrared(black).max() > 0


def test_alpha_is_no_measurement(tmp_path):
    counts = np.arange(7000, 7048, dtype=np.uint16).reshape(6, 8)
    alpha = np.full_like(counts, 65535)
    plain, with_alpha = tmp_path / "plain.png", tmp_path / "alpha.png"
    assert cv2.imwrite(str(plain), counts)
    assert cv2.imwrite(str(with_alpha), np.dstack([counts, counts, counts, alpha]))
    assert torch.equal(read_infrared(with_alpha), read_infrared(plain))


@pytest.mark.parametrize("suffix", ["png", "tif", "webp", "bmp"])
def test_what_alpha_hides_is_kept(tmp_path, suffix):
    alpha = np.random.default_rng(1).integers(0, 255, SCENE.shape[:2], np.uint8)
    path, plain = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    lossless = [cv2.IMWRITE_WEBP_QUALITY, 101] if suffix == "webp" else []
    assert cv2.imwrite(str(path), np.dstack([SCENE, alpha]), lossless)
    assert cv2.imwrite(str(plain), SCENE, lossless)
    visible = alpha > 0 if suffix == "webp" else slice(None)  # an encoder of WebP drops what is invisible
    assert np.array_equal(read_pixels(path)[visible], read_pixels(plain)[visible])


@pytest.mark.parametrize("dtype", [np.int16, np.uint32, np.int32, np.float32, np.float64])
def test_signed_large_and_float_thermal_is_stretched(tmp_path, dtype):
    kelvin = np.array([[-20, 0], [20, 60]] if dtype not in (np.uint32,) else [[10**9, 10**9 + 20], [10**9 + 40] * 2])
    image = read_infrared(write_tiff(tmp_path / "a.tif", kelvin.astype(dtype)))
    expected = (kelvin - kelvin.min()) / (kelvin.max() - kelvin.min())
    assert np.allclose(image[0].numpy(), expected, atol=1e-6)


def test_float_pixels_without_a_value_decide_nothing(tmp_path):
    celsius = np.array([[10, 20, np.nan], [30, np.inf, -np.inf]], np.float32)
    image = read_infrared(write_tiff(tmp_path / "a.tif", celsius))
    assert image.tolist() == [[[0.0, 0.5, 0.0], [1.0, 1.0, 0.0]]]


@pytest.mark.parametrize(
    ("name", "dtype", "deep"), [("a.png", np.uint8, False), ("a.png", np.uint16, True), ("a.tif", np.uint8, False)]
)
def test_the_header_tells_whether_values_have_more_than_8_bits(tmp_path, name, dtype, deep):
    assert cv2.imwrite(str(tmp_path / name), np.ones((4, 4), dtype))
    assert is_deep(tmp_path / name) is deep


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_deep_tiff_is_told_wherever_its_tags_are(tmp_path, dtype):
    assert is_deep(write_tiff(tmp_path / "a.tif", np.ones((4, 4), dtype), order=">", padding=7))


@pytest.mark.parametrize(
    "content", [b"", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"II+\0" + b"\xff" * 40, b"\x89PNG\r\n\x1a\n"]
)
def test_a_damaged_header_is_no_deep_image(tmp_path, content):
    (tmp_path / "a.tif").write_bytes(content)
    assert not is_deep(tmp_path / "a.tif")


def test_a_small_file_of_too_many_pixels_is_refused_by_its_header(tmp_path):
    side, packed = 20_000, zlib.compressobj()
    rows = b"".join(packed.compress(bytes(side + 1)) for _ in range(side)) + packed.flush()
    parts = {b"IHDR": struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0), b"IDAT": rows, b"IEND": b""}
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts.items()
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in/bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    arguments = ("--infrared", "in", "--visible", "in", "--out", "out", "--fuser", "average")
    done = as_process("fuse_images.py", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: in/bomb.png: too many pixels (expected at most 268435456")
