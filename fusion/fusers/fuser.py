"""The contract of every fusion method."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from fusion.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor


class Fuser(Protocol):
    """A fusion method: two registered luma images in, one out.

    `learned` says whether the method has weights that are trained. `colour` says whether its results take the colours
    of the visible image; a method that must not see the visible image, like "infrared", gives grey ones.
    """

    learned: ClassVar[bool]
    colour: ClassVar[bool]

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Fuse (B, 1, H, W) float32 luma in [0, 1] into the same; same input, same output; any H, W >= 4."""
        ...


def require_fuser_class(found: Any, where: str) -> type[Fuser]:
    """Check that something from outside the project looks like a class of fusers; `contract.py` checks what it does.

    Args:
        found: what is to be one.
        where: it was found, for the message.

    Raises:
        InputError: it is no class, or lacks a method `fuse` or one of the flags `learned` and `colour`.
    """
    if not inspect.isclass(found):
        raise InputError(f"{where}: is {type(found).__name__}, expected a class of fusers")
    flags = [flag for flag in ("learned", "colour") if not isinstance(getattr(found, flag, None), bool)]
    if flags or not callable(getattr(found, "fuse", None)):
        lacking = [f"{flag} = True or False" for flag in flags] or ["a method fuse(self, infrared, visible)"]
        raise InputError(f"{where}: is no fuser; expected {' and '.join(lacking)} in the class")
    return cast("type[Fuser]", found)
