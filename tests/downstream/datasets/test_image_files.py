from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from downstream.datasets.folders import find_pairs
from downstream.datasets.image_files import image_size, open_image, pair_size, upright
from downstream.detection.environment import isolate_ultralytics
from fusion.errors import InputError
from fusion.images.decoding import read_pixels
from tests.downstream.datasets.labelled_scenes import make_folder, write_blank


@pytest.mark.parametrize("content", [None, b"", b"no image"])
def test_a_file_of_another_kind_is_reported_when_ultralytics_has_patched_how_images_open(
    tmp_path: Path, content: bytes | None
) -> None:
    isolate_ultralytics(tmp_path)
    import ultralytics.utils.patches  # noqa: F401

    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    with (
        pytest.raises(InputError, match=r"a\.png: cannot be decoded as a mask"),
        open_image(tmp_path / "a.png", "a mask"),
    ):
        pass


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif", ".webp"])
def test_the_size_of_an_image_is_width_and_height(tmp_path, suffix):
    write_blank(tmp_path / f"a{suffix}", (40, 30))
    assert image_size(tmp_path / f"a{suffix}") == (40, 30)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_and_the_pixels_of_a_turned_image_are_those_of_the_image_that_is_fused(tmp_path, suffix, orientation):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.random.default_rng(0).integers(0, 255, (16, 24), np.uint8)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(stored).save(path, exif=exif)
    fused = read_pixels(path)
    assert image_size(path) == fused.shape[1::-1]
    if suffix == "png":  # the format of masks
        with open_image(path, "a mask") as image:
            assert np.array_equal(np.asarray(upright(image)), fused[..., 0])


def test_damaged_exif_data_is_left_out(tmp_path):
    from PIL import Image

    Image.new("L", (24, 16)).save(tmp_path / "a.png", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert image_size(tmp_path / "a.png") == (24, 16)


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_a_file_of_another_kind_is_an_input_error(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"a.png: cannot be decoded as an image"):
        image_size(tmp_path / "a.png")


def test_two_sizes_within_a_pair_are_reported(tmp_path):
    make_folder(tmp_path, ["a"])
    write_blank(tmp_path / "Ir" / "a.png", (30, 40))
    with pytest.raises(InputError, match=r"Ir/a.png: size differs from .*Vis/a.png \(found 30x40 and 40x30"):
        pair_size(find_pairs(tmp_path)[0])
