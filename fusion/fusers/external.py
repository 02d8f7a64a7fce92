"""Import images that were fused by code outside the project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from fusion.errors import InputError, first_few
from fusion.images import Pair, images_by_stem, read_visible, write_image


def import_external_images(folder: Path, pairs: Sequence[Pair], out_dir: Path) -> None:
    """Write the external fused image of every pair to `out_dir/<stem>.png`.

    8-bit images are copied as they are; grey ones become three equal channels, 16-bit ones are reduced to 8 bits.

    Args:
        folder: contains one fused image per pair, under the stem of the pair and with any suffix of `IMAGE_SUFFIXES`;
            further images are ignored.
        pairs: from `match_pairs`.
        out_dir: the output folder, created if missing.

    Raises:
        InputError: the folder does not exist or images are missing in it (checked before any is read); or an image
            cannot be read, or its size differs from that of its pair.
    """
    found = images_by_stem(folder)
    missing = [pair.stem for pair in pairs if pair.stem not in found]
    if missing:
        raise InputError(
            f"{folder}: {len(missing)} of {len(pairs)} images missing: {first_few(missing)} "
            "(expected one per pair, of the same stem)"
        )
    for pair in tqdm(pairs, desc=f"import {folder.name}", unit="image"):
        fused, infrared = read_visible(found[pair.stem]), pair.read_infrared()
        if fused.shape[1:] != infrared.shape[1:]:
            height, width = infrared.shape[1:]
            raise InputError(
                f"{found[pair.stem]}: wrong size (found {fused.shape[2]}x{fused.shape[1]}, "
                f"expected {width}x{height} as {pair.infrared}{', registered' if pair.registration else ''})"
            )
        write_image(out_dir / f"{pair.stem}.png", fused)
