"""What every engine that runs a model file offers, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.float32]  # (B, 1, H, W)


class Port(NamedTuple):
    """An input or output of a model: its name, the engine's word for its type, and its lengths; None is a free one."""

    name: str
    kind: str
    float32: bool
    shape: list[int | str | None]

    def __str__(self) -> str:
        return f"{self.name}: {self.kind} {self.shape}"


class Session(Protocol):
    """A model that has been read and is ready to run."""

    inputs: list[Port]
    outputs: list[Port]

    def run(self, images: Mapping[str, Images]) -> Images:
        """Map images by input name to the first output; the engine's own errors come through."""
        ...
