"""What every inference engine provides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.float32]  # (B, 1, H, W)
ComputePrecision = Literal["float32", "bfloat16"]


class Port(NamedTuple):
    """An input or output of a model.

    Attributes:
        name: its name in the model file.
        kind: the engine's name for its element type.
        float32: whether that type is float32.
        shape: its lengths; a dynamic one is None or a symbolic name.
    """

    name: str
    kind: str
    float32: bool
    shape: list[int | str | None]

    def __str__(self) -> str:
        return f"{self.name}: {self.kind} {self.shape}"


class Session(Protocol):
    """A model file opened by an engine.

    Attributes:
        inputs: the inputs of the model, in the order of the file.
        outputs: its outputs, likewise.
    """

    inputs: list[Port]
    outputs: list[Port]

    def run(self, images: Mapping[str, Images]) -> Images:
        """Run the model.

        Args:
            images: (B, 1, H, W) float32 by input name.

        Returns:
            The first output.

        Raises:
            Exception: whatever the engine raises, for example because the model does not support the size.
        """
        ...
