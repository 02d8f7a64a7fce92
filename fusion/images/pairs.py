"""Pairs of an infrared and a visible image, matched by file name. Importing this module loads no library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.errors import InputError
from fusion.images.ranges import DATASET, PERCENTILE, InfraredRange, require_range, with_infrared_range
from fusion.images.stems import images_by_stem, require_same_stems

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

    from fusion.images.io import EncodedImage
    from fusion.registration import Registration, Size


@dataclass(frozen=True, order=True)
class Pair:
    """Infrared and visible image of one scene.

    With a registration, both are read as it puts them: of the size of its frame.

    Attributes:
        stem: the file name both share, without suffix.
        infrared: the infrared file.
        visible: the visible file.
        infrared_range: how infrared levels of more than 8 bits become luma, as for `read_infrared`.
        registration: of the two cameras; None if the images show the same as they are.
    """

    stem: str
    infrared: Path
    visible: Path
    infrared_range: InfraredRange = PERCENTILE
    registration: Registration | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Pair:
        """Build a pair from the values of `to_json`, among others.

        Raises:
            KeyError: one is missing.
            InputError: the range or the registration is none.
        """
        infrared_range = require_range(values.get("infrared_range", PERCENTILE), "infrared_range")
        pair = cls(values["stem"], Path(values["infrared"]), Path(values["visible"]), infrared_range)
        if "registration" not in values:
            return pair
        from fusion.registration import Registration

        return replace(pair, registration=Registration.from_json(values["registration"]))

    def to_json(self) -> dict[str, Any]:
        """Return JSON values: stem, absolute paths and, unless it follows from the image alone, how it is read."""
        values = {"stem": self.stem, "infrared": str(self.infrared.absolute()), "visible": str(self.visible.absolute())}
        if self.registration is not None:
            return {**values, "infrared_range": self.infrared_range, "registration": self.registration.to_json()}
        return values if self.infrared_range == PERCENTILE else {**values, "infrared_range": self.infrared_range}

    @property
    def reading(self) -> str:
        """What decides about the pixels besides the files: a range if it counts, a registration if there is one."""
        from fusion.images.decoding import is_deep

        levels = str(self.infrared_range) if is_deep(self.infrared) else ""
        return " ".join(filter(None, (levels, self.registration.digest if self.registration else "")))

    def registered_size(self, infrared: Size, visible: Size) -> Size:
        """Return the size of the images as they are read.

        Args:
            infrared: width and height of the infrared file in pixels.
            visible: likewise of the visible file.

        Raises:
            InputError: the two sizes differ, or are not those of the registration.
        """
        if self.registration is None:
            if infrared != visible:
                from fusion.registration import REGISTER

                raise InputError(
                    f"{self.infrared}: size differs from {self.visible} (found {infrared[0]}x{infrared[1]} and "
                    f"{visible[0]}x{visible[1]}, expected a registered pair of one size). Try: {REGISTER}"
                )
            return visible
        from fusion.registration import require_size

        require_size(self.infrared, infrared, self.registration.infrared_size)
        require_size(self.visible, visible, self.registration.visible_size)
        return self.registration.size

    def read_infrared(self) -> Tensor:
        """Read the infrared image as (1, H, W) luma, float32 in [0, 1].

        Levels are stretched before they are resampled: a dead pixel, or one without value, spoils a kernel at most.

        Raises:
            InputError: the file cannot be read or decoded, or its size is not that of the registration.
        """
        from fusion.images.io import read_infrared

        infrared = read_infrared(self.infrared, self.infrared_range)
        if self.registration is None:
            return infrared
        from fusion.images.io import warp_luma
        from fusion.registration import require_size

        require_size(self.infrared, (infrared.shape[2], infrared.shape[1]), self.registration.infrared_size)
        return warp_luma(self.registration, infrared)

    def read(self) -> tuple[Tensor, Tensor]:
        """Read both images.

        Returns:
            Infrared as (1, H, W) luma and visible as (3, H, W) RGB, both float32 in [0, 1].

        Raises:
            InputError: a file cannot be read or decoded, the two sizes differ, or are not those of the registration.
        """
        infrared, visible = self.read_encoded()
        return infrared, visible.rgb()

    def read_luma(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Read both images as luma; without a registration, their sizes may differ.

        Returns:
            Infrared (H, W) and visible (h, w).

        Raises:
            InputError: a file cannot be read or decoded, or its size is not that of the registration.
        """
        from fusion.images.colour import luma
        from fusion.images.io import read_visible

        rgb = read_visible(self.visible) if self.registration is None else self.read()[1]
        return self.read_infrared()[0].numpy(), luma(rgb)[0].numpy()

    def read_encoded(self) -> tuple[Tensor, EncodedImage]:
        """Read infrared as `read` does, and visible with the integers of its file: less than half the memory.

        Raises:
            InputError: as `read`.
        """
        from fusion.images.io import EncodedImage, read_encoded, read_infrared, warp_luma

        infrared, visible = read_infrared(self.infrared, self.infrared_range), read_encoded(self.visible)
        height, width = visible.pixels.shape[:2]
        self.registered_size((infrared.shape[2], infrared.shape[1]), (width, height))
        if self.registration is None:
            return infrared, visible
        from fusion.registration import crop_visible

        cropped = EncodedImage(crop_visible(self.registration, visible.pixels))
        return warp_luma(self.registration, infrared), cropped


def spread_pairs(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """Pick at most `most` pairs spread evenly, the first one among them; all pairs if there are no more."""
    count = min(len(pairs), most)
    return [pairs[index * len(pairs) // count] for index in range(count)]


def match_pairs(
    infrared_dir: Path,
    visible_dir: Path,
    infrared_range: InfraredRange = DATASET,
    registration: Registration | None = None,
) -> list[Pair]:
    """Match the images of two folders by stem; their suffixes may differ.

    Args:
        infrared_dir: the folder of infrared images.
        visible_dir: the folder of visible images.
        infrared_range: how infrared levels of more than 8 bits become luma, as for `with_infrared_range`.
        registration: of the two cameras, as `Pair` has it.

    Returns:
        The pairs, sorted by stem.

    Raises:
        InputError: a folder is missing or contains no image, two files share a stem, or a stem has no counterpart; or
            an infrared image of more than 8 bits cannot be decoded.
    """
    infrared, visible = images_by_stem(infrared_dir), images_by_stem(visible_dir)
    require_same_stems(infrared, infrared_dir, visible, visible_dir)
    pairs = [Pair(stem, infrared[stem], visible[stem], registration=registration) for stem in sorted(infrared)]
    return with_infrared_range(pairs, infrared_range)
