"""Read and write label masks: PNGs of class numbers or of colours that stand for them; 255 for pixels without class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from downstream.datasets.image_files import open_image, upright
from downstream.datasets.palettes import IGNORED, classes_of_colours
from fusion.errors import InputError, first_few
from fusion.storage import write_bytes

MASK_SUFFIXES = (".png",)
Mask = npt.NDArray[np.uint8]
_Numbers = npt.NDArray[np.int64]


def read_mask(path: Path, classes: Sequence[str], values: Sequence[int] = ()) -> Mask:
    """Read one label mask.

    Of grey images, the levels are the class numbers. Of images with colours or a palette, the colours decide, as
    `classes_of_colours` reads them, because programs renumber palettes. Of a palette with other colours, the indices
    are the class numbers, if it has a colour of its own for every class; a shorter one may have been renumbered and is
    refused. Alpha is dropped.

    Args:
        path: the file.
        classes: class names in the order of the class numbers.
        values: the grey level of every class, in this order, where it is not its number.

    Returns:
        (H, W) uint8 of class numbers 0..C-1 and `IGNORED`.

    Raises:
        InputError: the file is missing or not an image, has colours of no known palette, or contains a number without
            class.
    """
    expected = f"expected class numbers 0..{len(classes) - 1} ({', '.join(classes)}) or {IGNORED}"
    with open_image(path, "a label image") as image:
        mode = image.mode
        palette = np.array(image.getpalette() or [], np.int64).reshape(-1, 3) if mode == "P" else None
        pixels = np.asarray(upright(image)).astype(np.int64)
    if mode == "LA":
        pixels = pixels[..., 0]
    if pixels.ndim == 3:
        found, where = np.unique(pixels[..., :3].reshape(-1, 3) @ (1 << 16, 1 << 8, 1), return_inverse=True)
        colours = [(int(one) >> 16, int(one) >> 8 & 255, int(one) & 255) for one in found]
        numbers = classes_of_colours(colours, classes) if not values else None
        if numbers is None:
            raise InputError(
                f"{path}: a colour image (found mode {mode} with colours {first_few([str(one) for one in colours])}; "
                f"{expected})"
            )
        return np.array(numbers, np.uint8)[where].reshape(pixels.shape[:2])
    if palette is not None and not values:
        pixels = _of_palette(path, pixels, palette, classes)
    if values:
        pixels = _of_values(path, pixels, values)
    wrong = [int(number) for number in np.unique(pixels) if number >= len(classes) and number != IGNORED]
    if wrong:
        raise InputError(f"{path}: unknown classes (found {first_few([str(number) for number in wrong])}; {expected})")
    return pixels.astype(np.uint8)


def _of_palette(path: Path, pixels: _Numbers, palette: _Numbers, classes: Sequence[str]) -> _Numbers:
    """Replace the indices of a palette image by class numbers."""
    used = [int(index) for index in np.unique(pixels) if index < len(palette)]
    shown = [index for index in used if index != IGNORED]
    colours = [(int(red), int(green), int(blue)) for red, green, blue in palette[shown]]
    numbers = classes_of_colours(colours, classes)
    if numbers is not None:
        table = np.full(IGNORED + 1, IGNORED)
        table[shown] = numbers
        return table[pixels]
    if len(np.unique(palette, axis=0)) < len(classes):
        raise InputError(
            f"{path}: unknown palette of {len(palette)} colours, which may have been renumbered (found "
            f"{first_few([str(colour) for colour in colours])}; expected the colours of MSRS or VOC, or one for each "
            f"of {len(classes)} classes). Try: masks saved as grey images of class numbers"
        )
    return pixels


def _of_values(path: Path, pixels: _Numbers, values: Sequence[int]) -> _Numbers:
    """Replace grey levels by the class numbers that they stand for."""
    numbers = {value: number for number, value in reversed(list(enumerate(values)))}
    known = {IGNORED: IGNORED, **numbers}
    levels, where = np.unique(pixels, return_inverse=True)
    if wrong := [str(level) for level in levels if level not in known]:
        expected = ", ".join(map(str, values))
        raise InputError(f"{path}: unknown levels (found {first_few(wrong)}; expected data.mask_values {expected})")
    return np.array([known[level] for level in levels])[where].reshape(pixels.shape)


def write_mask(path: Path, mask: Mask) -> None:
    """Write a (H, W) uint8 mask of class numbers as a single-channel PNG, atomically."""
    import cv2

    _, encoded = cv2.imencode(".png", mask)
    write_bytes(path, encoded.tobytes())
