"""Images that other code has fused, as if a fuser of the project had made them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from fusion.errors import InputError, first_few
from fusion.images import Pair, images_by_stem, read_infrared, read_visible, write_image


def adopt_folder(folder: Path, pairs: Sequence[Pair], out_dir: Path) -> None:
    """Write the image of every pair into `out_dir/<stem>.png`, as it is; a grey one gets three equal channels.

    Args:
        folder: holds a fused image for each pair under the pair's stem, with any suffix that the project reads; others
            may be there too.
        pairs: from `match_pairs`.
        out_dir: is made if needed.

    Raises:
        InputError: the folder is missing or lacks images, which is told before any is read; or an image cannot be read
            or differs in size from its pair.
    """
    found = images_by_stem(folder)
    missing = [pair.stem for pair in pairs if pair.stem not in found]
    if missing:
        raise InputError(
            f"{folder}: {len(missing)} of {len(pairs)} images missing: {first_few(missing)}; "
            "expected one for each pair, of equal stem"
        )
    for pair in tqdm(pairs, desc=f"adopt {folder.name}", unit="image"):
        fused, infrared = read_visible(found[pair.stem]), read_infrared(pair.infrared)
        if fused.shape[1:] != infrared.shape[1:]:
            height, width = infrared.shape[1:]
            raise InputError(
                f"{found[pair.stem]}: {fused.shape[2]}x{fused.shape[1]}; expected {width}x{height} as {pair.infrared}"
            )
        write_image(out_dir / f"{pair.stem}.png", fused)
