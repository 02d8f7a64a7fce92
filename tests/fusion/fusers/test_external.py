"""Images fused by code outside the project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from fusion import InputError, Pair, read_visible, write_image
from fusion.fusers.external import import_external_images

MakePairs = Callable[..., list[Pair]]


@pytest.fixture
def pairs(make_pairs: MakePairs) -> list[Pair]:
    return make_pairs(5)


@pytest.fixture
def folder(tmp_path: Path, pairs: list[Pair]) -> Path:
    """Write a colour image for each pair, in several lossless formats."""
    for index, pair in enumerate(pairs):
        image = torch.rand(3, 40, 48, generator=torch.Generator().manual_seed(index))
        write_image(tmp_path / "theirs" / f"{pair.stem}{('.png', '.bmp', '.tif', '.PNG', '.tiff')[index]}", image)
    return tmp_path / "theirs"


def test_images_are_imported_unchanged(tmp_path: Path, pairs: list[Pair], folder: Path) -> None:
    import_external_images(folder, pairs, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"{pair.stem}.png" for pair in pairs]
    for theirs in folder.iterdir():
        assert torch.equal(read_visible(tmp_path / "out" / f"{theirs.stem}.png"), read_visible(theirs))


def test_a_grey_image_becomes_three_equal_channels(tmp_path: Path, pairs: list[Pair], folder: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (40, 48), np.uint8)
    assert cv2.imwrite(str(folder / "00.png"), grey)
    import_external_images(folder, pairs, tmp_path / "out")
    assert (cv2.imread(str(tmp_path / "out" / "00.png")) == grey[..., None]).all()


def test_images_without_a_pair_are_ignored(tmp_path: Path, pairs: list[Pair], folder: Path) -> None:
    import_external_images(folder, pairs[:2], tmp_path / "out")
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == ["00.png", "01.png"]


def test_missing_images_are_reported_before_any_is_read(tmp_path: Path, pairs: list[Pair], folder: Path) -> None:
    for name in ("01.bmp", "02.tif", "03.PNG", "04.tiff"):
        (folder / name).unlink()
    (folder / "00.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"theirs: 4 of 5 images missing: 01, 02, 03, \.\.\. \(expected one per pair"):
        import_external_images(folder, pairs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_image_of_another_size_is_reported_with_its_pair(tmp_path: Path, pairs: list[Pair], folder: Path) -> None:
    write_image(folder / "01.bmp", torch.zeros(3, 20, 24))
    with pytest.raises(InputError, match=r"01\.bmp: wrong size \(found 24x20, expected 48x40 as .*ir/01\.png"):
        import_external_images(folder, pairs, tmp_path / "out")


def test_a_missing_folder_and_one_without_images_are_reported(tmp_path: Path, pairs: list[Pair]) -> None:
    with pytest.raises(InputError, match=r"none: no such folder"):
        import_external_images(tmp_path / "none", pairs, tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: no images found"):
        import_external_images(tmp_path / "empty", pairs, tmp_path / "out")
