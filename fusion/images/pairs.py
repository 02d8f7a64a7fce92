"""Pairs of an infrared and a visible image, matched by file name. Does not import torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.errors import InputError
from fusion.images.ranges import DATASET, PERCENTILE, InfraredRange, require_range, with_infrared_range
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
        infrared_range: how infrared levels of more than 8 bits become luma, as for `read_infrared`.
    """

    stem: str
    infrared: Path
    visible: Path
    infrared_range: InfraredRange = PERCENTILE

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Pair:
        """Build a pair from the values of `to_json`, among others.

        Raises:
            KeyError: one is missing.
            InputError: the range is none.
        """
        infrared_range = require_range(values.get("infrared_range", PERCENTILE), "infrared_range")
        return cls(values["stem"], Path(values["infrared"]), Path(values["visible"]), infrared_range)

    def to_json(self) -> dict[str, Any]:
        """Return JSON values: stem, absolute paths and, unless it follows from the image alone, the range."""
        values = {"stem": self.stem, "infrared": str(self.infrared.absolute()), "visible": str(self.visible.absolute())}
        return values if self.infrared_range == PERCENTILE else {**values, "infrared_range": self.infrared_range}

    @property
    def reading(self) -> str:
        """The range of infrared levels, for an image that it decides about: one of more than 8 bits; else ""."""
        from fusion.images.decoding import is_deep

        return str(self.infrared_range) if is_deep(self.infrared) else ""

    def read_infrared(self) -> Tensor:
        """Read the infrared image as (1, H, W) luma, float32 in [0, 1].

        Raises:
            InputError: the file cannot be read or decoded.
        """
        from fusion.images.io import read_infrared

        return read_infrared(self.infrared, self.infrared_range)

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
        from fusion.images.io import read_encoded

        infrared, visible = self.read_infrared(), read_encoded(self.visible)
        if infrared.shape[1:] != visible.pixels.shape[:2]:
            raise InputError(
                f"{self.infrared}: size differs from {self.visible} (found {_size(*infrared.shape[1:])} and "
                f"{_size(*visible.pixels.shape[:2])}, expected a registered pair of one size)"
            )
        return infrared, visible


def match_pairs(infrared_dir: Path, visible_dir: Path, infrared_range: InfraredRange = DATASET) -> list[Pair]:
    """Match the images of two folders by stem; their suffixes may differ.

    Args:
        infrared_dir: the folder of infrared images.
        visible_dir: the folder of visible images.
        infrared_range: how infrared levels of more than 8 bits become luma, as for `with_infrared_range`.

    Returns:
        The pairs, sorted by stem.

    Raises:
        InputError: a folder is missing or contains no image, two files share a stem, or a stem has no counterpart; or
            an infrared image of more than 8 bits cannot be decoded.
    """
    infrared, visible = images_by_stem(infrared_dir), images_by_stem(visible_dir)
    require_same_stems(infrared, infrared_dir, visible, visible_dir)
    pairs = [Pair(stem, infrared[stem], visible[stem]) for stem in sorted(infrared)]
    return with_infrared_range(pairs, infrared_range)


def _size(height: int, width: int) -> str:
    return f"{width}x{height}"
