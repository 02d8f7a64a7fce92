"""The pair of images that every candidate fuses, and the pairs that a candidate may be calibrated on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion import match_pairs
from fusion.errors import InputError
from fusion.images import Pair, luma
from fusion.networks import SMALLEST_SIDE

Size = tuple[int, int]  # width, height


class Images(NamedTuple):
    """One pair to fuse, None for a made one, and the others, to calibrate on."""

    fused: Pair | None
    calibration: list[Pair]


def parse_size(text: str) -> Size:
    """Read WIDTHxHEIGHT.

    Raises:
        InputError: it is not that, or too small.
    """
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if not found or min(map(int, found.groups())) < SMALLEST_SIDE:
        raise InputError(
            f"--size {text}: expected WIDTHxHEIGHT in pixels such as 640x480, each at least {SMALLEST_SIDE}"
        )
    return int(found[1]), int(found[2])


def choose_images(infrared_dir: Path | None, visible_dir: Path | None) -> Images:
    """Take the first pair of two folders to fuse and the others to calibrate on.

    Raises:
        InputError: only one folder is given, or as `match_pairs`.
    """
    if infrared_dir is None and visible_dir is None:
        return Images(None, [])
    if infrared_dir is None or visible_dir is None:
        raise InputError("--infrared and --visible: only one is given; expected both folders or none")
    first, *others = match_pairs(infrared_dir, visible_dir)
    return Images(first, others)


def luma_pair(pair: Pair | None, size: Size) -> tuple[Tensor, Tensor]:
    """Give infrared and visible luma, (1, 1, H, W) in [0, 1], resized; for no pair, smooth noise of a fixed seed."""
    if pair is None:
        generator = torch.Generator().manual_seed(0)
        grids = torch.rand(2, 1, 1, 12, 16, generator=generator).unbind()
    else:
        infrared, visible = pair.read()
        grids = infrared[None], luma(visible)[None]
    first, second = (F.interpolate(grid, size[::-1], mode="bilinear", align_corners=False) for grid in grids)
    return first, second
