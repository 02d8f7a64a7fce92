from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from fusion import Pair, build_fuser, fuse_folder, match_pairs
from fusion.errors import InputError
from fusion.stress import CONDITIONS, Condition, disturb

MakePairs = Callable[..., Sequence[Pair]]


@pytest.mark.parametrize("name", CONDITIONS)
def test_severity_0_reads_the_very_pixels_of_the_pair(make_pairs: MakePairs, name: str) -> None:
    pair = make_pairs(count=1)[0]
    disturbed = disturb([pair], Condition(name, 0), seed=0)[0]
    assert all(torch.equal(one, other) for one, other in zip(disturbed.read(), pair.read(), strict=True))
    assert torch.equal(disturbed.read_infrared(), pair.read_infrared())
    assert np.array_equal(disturbed.read_encoded()[1].rgb(), pair.read_encoded()[1].rgb())


def test_what_is_drawn_depends_on_seed_and_stem_alone(make_pairs: MakePairs) -> None:
    first, second = make_pairs(count=2)
    noise = Condition("infrared_noise", 20)

    def drawn(pair: Pair, seed: int = 0, condition: Condition = noise) -> torch.Tensor:
        return disturb([pair], condition, seed)[0].read()[0] - pair.read()[0]

    assert torch.equal(drawn(first), drawn(first))
    assert torch.equal(disturb([second, first], noise, 0)[1].read()[0], disturb([first], noise, 0)[0].read()[0])
    assert not torch.equal(drawn(first), drawn(first, seed=1))
    assert not torch.equal(drawn(first), drawn(replace(first, stem="other")))
    weak, strong = drawn(first, condition=Condition("infrared_noise", 2)), drawn(first)
    free = (strong.abs() + 0.01 < first.read()[0]) & (strong.abs() + 0.01 < 1 - first.read()[0])  # not clamped
    assert free.any()
    assert torch.allclose(weak[free] * 10, strong[free], atol=1e-5)


def test_a_changed_visible_image_has_the_integers_of_its_file(tmp_path: Path) -> None:
    for folder, pixels in (("ir", np.full((32, 32), 90, np.uint8)), ("vi", np.full((32, 32, 3), 30001, np.uint16))):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / "a.png"), pixels)
    pair = match_pairs(tmp_path / "ir", tmp_path / "vi")[0]
    seen = disturb([pair], Condition("without_visible", 0.5), 0)[0].read_encoded()[1]
    assert seen.pixels.dtype == np.uint16
    assert set(seen.pixels.flat) == {15000}  # half of 30001, to even
    assert disturb([pair], Condition("infrared_noise", 9), 0)[0].read_encoded()[1].pixels.tolist() == (
        pair.read_encoded()[1].pixels.tolist()
    )


def test_a_folder_of_fused_images_knows_under_what_its_pairs_were(make_pairs: MakePairs, tmp_path: Path) -> None:
    pairs, fuser = make_pairs(count=2), build_fuser("average")
    assert fuse_folder(fuser, disturb(pairs, Condition("infrared_noise", 20), 0), tmp_path / "out", {}) == 2
    assert fuse_folder(fuser, disturb(pairs, Condition("infrared_noise", 20), 0), tmp_path / "out", {}) == 0
    assert fuse_folder(fuser, disturb(pairs, Condition("infrared_noise", 30), 0), tmp_path / "out", {}) == 2
    assert fuse_folder(fuser, pairs, tmp_path / "out", {}) == 2


def test_an_image_that_is_too_small_is_named(make_pairs: MakePairs) -> None:
    pair = make_pairs(count=1)[0]
    with pytest.raises(InputError, match=r"00\.png: image is too narrow for a shift .*; infrared_shift@900"):
        disturb([pair], Condition("infrared_shift", 900), 0)[0].read()
