"""Find the infrared and visible images that belong together: equal stems, equal sizes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fusion.errors import InputError, first_few

if TYPE_CHECKING:
    from torch import Tensor

    from fusion.images.stored import StoredImage

IMAGE_SUFFIXES = (".bmp", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, order=True)
class Pair:
    """One scene seen by two cameras; `stem` is the file name both share, without suffix."""

    stem: str
    infrared: Path
    visible: Path

    def read(self) -> tuple[Tensor, Tensor]:
        """Read infrared as (1, H, W) luma and visible as (3, H, W) RGB, both float32 in [0, 1].

        Raises:
            InputError: a file cannot be decoded, or the two sizes differ.
        """
        infrared, visible = self.read_stored()
        return infrared, visible.rgb()

    def read_stored(self) -> tuple[Tensor, StoredImage]:
        """Read infrared as `read` does, and visible as its file holds it: less than half the memory.

        Raises:
            InputError: as `read`.
        """
        from fusion.images.images import read_infrared
        from fusion.images.stored import read_stored

        infrared, visible = read_infrared(self.infrared), read_stored(self.visible)
        if infrared.shape[1:] != visible.pixels.shape[:2]:
            raise InputError(
                f"{self.infrared}: {_size(*infrared.shape[1:])}, but {self.visible} is "
                f"{_size(*visible.pixels.shape[:2])}; the two images of a pair must be registered and of one size"
            )
        return infrared, visible


def match_pairs(infrared_dir: Path, visible_dir: Path) -> list[Pair]:
    """List the pairs of two folders by equal stem, sorted; suffixes may differ.

    Raises:
        InputError: a folder is missing or holds no image, a stem stands twice, or a stem has no partner.
    """
    infrared, visible = images_by_stem(infrared_dir), images_by_stem(visible_dir)
    require_same_stems(infrared, infrared_dir, visible, visible_dir)
    return [Pair(stem, infrared[stem], visible[stem]) for stem in sorted(infrared)]


def images_by_stem(folder: Path) -> dict[str, Path]:
    """Map stem to image file for the images directly inside `folder`.

    Raises:
        InputError: the folder is missing or holds no image, or two files share a stem.
    """
    return files_by_stem(folder, IMAGE_SUFFIXES, "images")


def files_by_stem(folder: Path, suffixes: tuple[str, ...], what: str) -> dict[str, Path]:
    """Map stem to file for the files directly inside `folder` that end in one of `suffixes` (any case).

    Raises:
        InputError: the folder is missing or holds no such file, or two files share a stem.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected {what} in it")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in suffixes or path.name.startswith("."):
            continue
        if path.stem in found:
            raise InputError(f"{path}: {found[path.stem].name} has the same stem; expected one file for {path.stem!r}")
        found[path.stem] = path
    if not found:
        raise InputError(f"{folder}: no {what} found; expected files ending in {', '.join(suffixes)}")
    return found


def require_same_stems(first: Iterable[str], first_dir: Path, second: Iterable[str], second_dir: Path) -> None:
    """Check that two folders hold the same stems.

    Raises:
        InputError: one folder lacks a stem of the other; names the first few.
    """
    first, second = set(first), set(second)
    for here, lonely, there in ((first_dir, first - second, second_dir), (second_dir, second - first, first_dir)):
        if lonely:
            named = first_few(sorted(lonely))
            raise InputError(f"{here}: {len(lonely)} without partner in {there}: {named}; expected equal stems")


def _size(height: int, width: int) -> str:
    return f"{width}x{height}"
