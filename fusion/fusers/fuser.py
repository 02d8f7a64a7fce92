"""The contract of every fusion method."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from fusion.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor


class Fuser(Protocol):
    """A fusion method: maps two registered images to one, in luma or in colour.

    `contract.contract_violations` checks an implementation against this contract. A class may also set
    `sees_colour = True`: its method `fuse` then takes the visible image as RGB instead of luma.

    Attributes:
        learned: whether the method has trained weights.
        colour: whether fused luma takes the chroma of the visible image. It is False for a method that must not see
            the visible image, such as "infrared": its images are grey. Without meaning for a method that returns RGB.
    """

    learned: ClassVar[bool]
    colour: ClassVar[bool]

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Fuse a batch of pairs.

        The result is deterministic, is the same for a batch as for its images one by one, and carries no gradients;
        the inputs are not modified.

        Args:
            infrared: (B, 1, H, W) float32 luma in [0, 1], H, W >= 4.
            visible: the same shape, type and range; (B, 3, H, W) RGB if the class says `sees_colour = True`.

        Returns:
            (B, 1, H, W) luma or (B, 3, H, W) RGB, float32 in [0, 1], on the device of `infrared`.
        """
        ...


def sees_colour(fuser: Fuser) -> bool:
    """Tell whether a fuser takes the visible image as RGB."""
    return bool(getattr(fuser, "sees_colour", False))


def visible_for(fuser: Fuser, visible: Tensor) -> Tensor:
    """Convert a visible image to what a fuser takes.

    Args:
        fuser: takes luma or RGB.
        visible: (B, 1, H, W) luma, which becomes grey RGB if needed, or (B, 3, H, W) RGB.

    Returns:
        (B, 1, H, W) luma or (B, 3, H, W) RGB.
    """
    from fusion.images import luma

    if sees_colour(fuser):
        return visible.expand(-1, 3, -1, -1)
    return luma(visible) if visible.shape[1] == 3 else visible


def require_fuser_class(found: Any, where: str) -> type[Fuser]:
    """Check that an object from outside the project is a class of the form that `Fuser` describes.

    Args:
        found: the object to check.
        where: its origin, which starts the error message.

    Returns:
        `found`.

    Raises:
        InputError: it is not a class, or does not define the method `fuse` or one of the flags `learned` and `colour`.
    """
    if not inspect.isclass(found):
        raise InputError(f"{where}: not a fuser (found {type(found).__name__}, expected a class)")
    flags = [flag for flag in ("learned", "colour") if not isinstance(getattr(found, flag, None), bool)]
    if flags or not callable(getattr(found, "fuse", None)):
        missing = [f"{flag} = True or False" for flag in flags] or ["a method fuse(self, infrared, visible)"]
        raise InputError(f"{where}: not a fuser (expected the class to define {' and '.join(missing)})")
    return cast("type[Fuser]", found)
