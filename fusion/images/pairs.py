"""Match the infrared and visible images of two folders by file name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fusion.errors import InputError, first_few

if TYPE_CHECKING:
    from torch import Tensor

    from fusion.images.io import EncodedImage

IMAGE_SUFFIXES = (".bmp", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, order=True)
class Pair:
    """Infrared and visible image of one scene.

    Attributes:
        stem: the file name both share, without suffix.
        infrared: the infrared file.
        visible: the visible file.
    """

    stem: str
    infrared: Path
    visible: Path

    def read(self) -> tuple[Tensor, Tensor]:
        """Read both images.

        Returns:
            Infrared as (1, H, W) luma and visible as (3, H, W) RGB, both float32 in [0, 1].

        Raises:
            InputError: a file cannot be read or decoded, or the two sizes differ.
        """
        infrared, visible = self.read_encoded()
        return infrared, visible.rgb()

    def read_encoded(self) -> tuple[Tensor, EncodedImage]:
        """Read infrared as `read` does, and visible with the integers of its file: less than half the memory.

        Raises:
            InputError: as `read`.
        """
        from fusion.images.io import read_encoded, read_infrared

        infrared, visible = read_infrared(self.infrared), read_encoded(self.visible)
        if infrared.shape[1:] != visible.pixels.shape[:2]:
            raise InputError(
                f"{self.infrared}: size differs from {self.visible} (found {_size(*infrared.shape[1:])} and "
                f"{_size(*visible.pixels.shape[:2])}, expected a registered pair of one size)"
            )
        return infrared, visible


def match_pairs(infrared_dir: Path, visible_dir: Path) -> list[Pair]:
    """Match the images of two folders by stem; their suffixes may differ.

    Returns:
        The pairs, sorted by stem.

    Raises:
        InputError: a folder is missing or contains no image, two files share a stem, or a stem has no counterpart.
    """
    infrared, visible = images_by_stem(infrared_dir), images_by_stem(visible_dir)
    require_same_stems(infrared, infrared_dir, visible, visible_dir)
    return [Pair(stem, infrared[stem], visible[stem]) for stem in sorted(infrared)]


def images_by_stem(folder: Path) -> dict[str, Path]:
    """Map stem to image file for the images directly inside `folder`, sorted by file name.

    Raises:
        InputError: the folder is missing or contains no image, or two files share a stem.
    """
    return files_by_stem(folder, IMAGE_SUFFIXES, "images")


def files_by_stem(folder: Path, suffixes: tuple[str, ...], what: str) -> dict[str, Path]:
    """Map stem to file for the files directly inside `folder`, sorted by file name; hidden files are skipped.

    Args:
        folder: the folder to list.
        suffixes: the suffixes to include, in lower case; files match in any case.
        what: the kind of files in the plural, for error messages.

    Raises:
        InputError: the folder is missing or contains no such file, or two files share a stem.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder (expected a folder of {what})")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in suffixes or path.name.startswith("."):
            continue
        if path.stem in found:
            raise InputError(f"{path}: same stem as {found[path.stem].name} (expected one file per stem)")
        found[path.stem] = path
    if not found:
        raise InputError(f"{folder}: no {what} found (expected files ending in {', '.join(suffixes)})")
    return found


def require_same_stems(first: Iterable[str], first_dir: Path, second: Iterable[str], second_dir: Path) -> None:
    """Check that two folders contain the same stems.

    Raises:
        InputError: a stem of one folder is missing in the other; the message lists the first few.
    """
    first, second = set(first), set(second)
    for there, here, stems, others in ((first_dir, second_dir, first, second), (second_dir, first_dir, second, first)):
        if missing := sorted(stems - others):
            found = f"{len(missing)} of {len(stems)} stems of {there} missing: {first_few(missing)}"
            raise InputError(f"{here}: {found} (expected equal stems)")


def _size(height: int, width: int) -> str:
    return f"{width}x{height}"
