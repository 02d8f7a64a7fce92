"""Pairs of an infrared and a visible image, matched by file name. Does not import torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fusion.errors import InputError
from fusion.images.stems import images_by_stem, require_same_stems

if TYPE_CHECKING:
    from torch import Tensor

    from fusion.images.io import EncodedImage


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


def _size(height: int, width: int) -> str:
    return f"{width}x{height}"
