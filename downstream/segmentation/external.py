"""Import masks that other code has predicted."""

from __future__ import annotations

from pathlib import Path

from downstream.datasets import IGNORED, MASK_SUFFIXES, SegmentationData, read_mask, write_mask
from fusion.errors import InputError, first_few
from fusion.images import files_by_stem


def import_external_masks(folder: Path, data: SegmentationData, out_dir: Path) -> None:
    """Write the predicted mask of every test image to `out_dir`/STEM.png.

    Args:
        folder: contains a mask of class numbers, or of a known palette, for every test image, under its stem; masks of
            other images of the data set are not needed.
        data: the data set.
        out_dir: created if missing.

    Raises:
        InputError: a mask is missing, of an image that the data set does not have, of another size or unreadable, or
            has pixels without class.
    """
    items = {item.pair.stem: item for item in data.items}
    files = files_by_stem(folder, MASK_SUFFIXES, "masks")
    if unknown := sorted(set(files) - set(items)):
        some = first_few(sorted(items))
        raise InputError(
            f"{files[unknown[0]]}: not an image of the data set (expected one of its {len(items)}: {some})"
        )
    tested = data.of("test")
    if missing := [item.pair.stem for item in tested if item.pair.stem not in files]:
        raise InputError(
            f"{folder}: {len(missing)} of {len(tested)} test images missing: {first_few(missing)} "
            "(expected a mask for every test image)"
        )
    for item in tested:
        path = files[item.pair.stem]
        mask = read_mask(path, data.classes)
        if mask.shape != (item.height, item.width):
            found = f"{mask.shape[1]}x{mask.shape[0]}"
            raise InputError(f"{path}: wrong size (found {found}, expected {item.width}x{item.height})")
        if (mask == IGNORED).any():
            raise InputError(f"{path}: pixels without class (found {IGNORED}, expected a class for every pixel)")
        write_mask(out_dir / f"{item.pair.stem}.png", mask)
