"""A colour image whose three channels hold planes of both cameras: everything that a network can see at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from fusion.errors import InputError, unknown_name

if TYPE_CHECKING:
    from torch import Tensor

PLANES = ("ir", "r", "g", "b", "y", "mean")


class FalseColour:
    """Put three planes of a pair into the channels red, green and blue.

    Args:
        planes: three of "ir" (infrared), "r", "g", "b" and "y" (red, green, blue and luma of the visible image) and
            "mean" (of infrared and luma), such as "ir,g,b".

    Raises:
        InputError: there are not three planes, or one is unknown.
    """

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True
    sees_colour: ClassVar[bool] = True

    def __init__(self, planes: str | Sequence[str] = "ir,g,b") -> None:
        names = planes.split(",") if isinstance(planes, str) else [str(name) for name in planes]
        self._planes = [name.strip() for name in names]
        for name in self._planes:
            if name not in PLANES:
                raise unknown_name("plane of fuser 'false_colour'", name, PLANES)
        if len(self._planes) != 3:
            raise InputError(
                f"fuser 'false_colour': planes={','.join(self._planes)} is not three planes, for red, green and blue. "
                "Try: planes=ir,g,b"
            )

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Stack the planes.

        Args:
            infrared: (B, 1, H, W) luma in [0, 1].
            visible: (B, 3, H, W) RGB in [0, 1].

        Returns:
            (B, 3, H, W) in [0, 1].

        Example:
            >>> import torch
            >>> visible = torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1)
            >>> FalseColour().fuse(torch.full((1, 1, 1, 1), 0.9), visible).flatten()
            tensor([0.9000, 0.2000, 0.3000])
        """
        import torch

        from fusion.images import luma

        red, green, blue = (channel.unsqueeze(1) for channel in visible.unbind(1))
        found = {"ir": infrared, "r": red, "g": green, "b": blue}
        if {"y", "mean"} & set(self._planes):
            found["y"] = luma(visible)
            found["mean"] = (infrared + found["y"]) / 2
        return torch.cat([found[name] for name in self._planes], dim=1)
