"""Read and write label masks: single-channel PNGs of class numbers, 255 for pixels without a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from downstream.datasets.image_files import open_image, upright
from fusion.errors import InputError, first_few
from fusion.storage import write_bytes

IGNORED = 255
MASK_SUFFIXES = (".png",)
Mask = npt.NDArray[np.uint8]


def read_mask(path: Path, classes: Sequence[str]) -> Mask:
    """Read one label mask.

    Of palette PNGs the indices are read, whatever colours the palette assigns to them.

    Args:
        path: the file.
        classes: class names in the order of the class numbers.

    Returns:
        (H, W) uint8 of class numbers 0..C-1 and `IGNORED`.

    Raises:
        InputError: the file is missing or not an image, has colours instead of class numbers, or contains a number
            without class.
    """
    expected = f"expected class numbers 0..{len(classes) - 1} ({', '.join(classes)}) or {IGNORED}"
    with open_image(path, "a label image") as image:
        mode, pixels = image.mode, np.asarray(upright(image))
    if pixels.ndim != 2:
        colours = np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)
        found = first_few([str(tuple(colour)) for colour in colours.tolist()])
        raise InputError(f"{path}: a colour image (found mode {mode} with colours {found}; {expected})")
    numbers = np.unique(pixels)
    if wrong := [int(number) for number in numbers if number >= len(classes) and number != IGNORED]:
        raise InputError(f"{path}: unknown classes (found {first_few([str(number) for number in wrong])}; {expected})")
    return pixels.astype(np.uint8)


def write_mask(path: Path, mask: Mask) -> None:
    """Write a (H, W) uint8 mask of class numbers as a single-channel PNG, atomically."""
    import cv2

    _, encoded = cv2.imencode(".png", mask)
    write_bytes(path, encoded.tobytes())
