"""Label masks on disk: single-channel PNGs whose pixel values are class numbers, 255 where nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from downstream.datasets.image_files import opened_image
from fusion.errors import InputError, first_few
from fusion.storage import write_bytes

IGNORED = 255
MASK_SUFFIXES = (".png",)
Mask = npt.NDArray[np.uint8]


def read_mask(path: Path, classes: Sequence[str]) -> Mask:
    """Read one mask.

    Grey and palette PNGs are taken by their stored numbers, so that a palette may show them in colours.

    Args:
        path: the file.
        classes: in the order of the class numbers.

    Returns:
        (H, W) uint8: a class number, or `IGNORED`.

    Raises:
        InputError: the file is missing or no image, is coloured instead of numbered, or holds a number of no class.
    """
    expected = f"expected class numbers 0..{len(classes) - 1} ({', '.join(classes)}) or {IGNORED}"
    with opened_image(path, "a label image") as image:
        mode, pixels = image.mode, np.asarray(image)
    if pixels.ndim != 2:
        colours = np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)
        found = first_few([str(tuple(colour)) for colour in colours.tolist()])
        raise InputError(f"{path}: a colour image ({mode}) with colours {found}; {expected}")
    numbers = np.unique(pixels)
    if wrong := [int(number) for number in numbers if number >= len(classes) and number != IGNORED]:
        raise InputError(f"{path}: values {first_few([str(number) for number in wrong])}; {expected}")
    return pixels.astype(np.uint8)


def write_mask(path: Path, mask: Mask) -> None:
    """Write (H, W) class numbers as a single-channel PNG, atomically."""
    _, encoded = cv2.imencode(".png", mask)
    write_bytes(path, encoded.tobytes())
