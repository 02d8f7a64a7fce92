"""False colour, and what fuses, measures and learns from an image in colour."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from fusion import InputError, build_fuser, fuse_pair, read_visible
from fusion.effects import effect_maps
from fusion.fusers.folder import fuse_folder
from fusion.fusers.pair import fuse_encoded
from fusion.fusers.plugins import class_from_file
from fusion.fusers.registry import require_options
from fusion.images.colour import luma, to_bytes
from fusion.training.crops import CropSource

IN_COLOUR = """\
class Mine:
    learned, colour, sees_colour = False, True, True

    def fuse(self, infrared, visible):
        return (infrared + visible) / 2
"""


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(1, 24, 32, generator=generator), torch.rand(3, 24, 32, generator=generator)


def test_red_is_infrared_and_green_and_blue_are_visible() -> None:
    infrared, visible = pair()
    fused = fuse_pair(build_fuser("false_colour"), infrared, visible)
    assert torch.equal(fused, torch.cat([infrared, visible[1:]]))


@pytest.mark.parametrize("planes", ["ir,y,mean", ["ir", "y", "mean"], "ir, y, mean"])
def test_any_three_planes_can_be_chosen(planes: str | list[str]) -> None:
    infrared, visible = pair()
    y = luma(visible)
    fused = fuse_pair(build_fuser("false_colour", planes=planes), infrared, visible)
    torch.testing.assert_close(fused, torch.cat([infrared, y, (infrared + y) / 2]))


@pytest.mark.parametrize(
    ("planes", "message"),
    [
        ("ir,g", "fuser 'false_colour': planes=ir,g is not three planes"),
        ("ir,g,b,r", "planes=ir,g,b,r is not three planes"),
        ("ir,green,b", "unknown plane of fuser 'false_colour' 'green'"),
        ("", "unknown plane of fuser 'false_colour' ''"),
        ([1, 2, 3], "unknown plane of fuser 'false_colour' '1'"),
    ],
)
def test_other_planes_are_refused_before_anything_is_fused(planes: object, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        require_options("false_colour", {"planes": planes})


def test_an_image_is_fused_from_its_file_as_from_memory(tmp_path: Path, make_pairs) -> None:  # type: ignore[no-untyped-def]
    (one,) = make_pairs(count=1)
    fuser = build_fuser("false_colour")
    infrared, visible = one.read_encoded()
    levels = fuse_encoded(fuser, infrared, visible)
    np.testing.assert_array_equal(levels, to_bytes(fuse_pair(fuser, *one.read())))
    fuse_folder(fuser, [one], tmp_path / "fused", {})
    np.testing.assert_array_equal(to_bytes(read_visible(tmp_path / "fused" / f"{one.stem}.png")), levels)


def test_a_class_in_a_file_may_see_and_return_colour(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(IN_COLOUR)
    infrared, visible = pair()
    fused = fuse_pair(class_from_file(f"{tmp_path}/mine.py:Mine")(), infrared, visible)
    torch.testing.assert_close(fused, (infrared + visible) / 2)


def test_the_effects_of_interventions_are_those_on_luma() -> None:
    infrared, visible = pair()
    fuser, generator = build_fuser("false_colour"), torch.Generator()
    maps = effect_maps(fuser, infrared, visible, generator.manual_seed(0))
    assert all(one.shape == (1, 24, 32) for one in maps.values())
    torch.testing.assert_close(maps["without_infrared"], 0.299 * infrared)
    torch.testing.assert_close(maps["without_visible"], 0.587 * visible[1:2] + 0.114 * visible[2:3])


def test_a_student_learns_the_luma_of_a_teacher_in_colour(make_pairs) -> None:  # type: ignore[no-untyped-def]
    pairs = make_pairs(count=1)
    infrared, visible = pairs[0].read()
    crop = CropSource(pairs, 16, 0, build_fuser("false_colour")).central_batch([0])[0]
    whole = CropSource(pairs, 16, 0).central_batch([0])[0]
    assert crop.shape == (3, 16, 16)
    assert torch.equal(crop[:2], whole)
    top, left = ((side - 16 + 1) // 2 for side in infrared.shape[1:])
    expected = luma(fuse_pair(build_fuser("false_colour"), infrared, visible))[:, top : top + 16, left : left + 16]
    torch.testing.assert_close(crop[2:], expected, rtol=0, atol=1e-3)
