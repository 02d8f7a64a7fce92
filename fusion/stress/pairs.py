"""Pairs under a condition. Importing this module does not import torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from fusion.errors import InputError
from fusion.images import Pair
from fusion.seeds import generator_for
from fusion.stress.conditions import Condition

if TYPE_CHECKING:
    from torch import Tensor

    from fusion.images import EncodedImage


@dataclass(frozen=True, kw_only=True)
class DisturbedPair(Pair):
    """A pair that is read as its cameras see it under a condition.

    The same seed, condition and stem give the same images, whatever the severity scales; so every fuser sees the same.

    Attributes:
        condition: what is changed.
        seed: of what the condition draws.
    """

    condition: Condition
    seed: int

    @property
    def reading(self) -> str:
        """What decides about the pixels besides the files."""
        return " ".join(filter(None, (super().reading, self.condition.digest, f"seed {self.seed}")))

    def to_json(self) -> dict[str, Any]:
        """Refuse: pairs are written down as they are, and disturbed when they are read."""
        raise TypeError(f"{self.stem}: a disturbed pair has no JSON values")

    def read_infrared(self) -> Tensor:
        """Read the changed infrared image as `Pair.read_infrared` does."""
        return self.read_encoded()[0]

    def read_encoded(self) -> tuple[Tensor, EncodedImage]:
        """Read both images and change them; a changed visible image has the integer type of its file.

        Raises:
            InputError: as `Pair.read_encoded`; or the images are too small for the condition, or its function fails.
        """
        infrared, encoded = super().read_encoded()
        visible = encoded.rgb()
        generator = generator_for(self.seed, "stress", self.condition.short_name, self.stem)
        try:
            changed, seen = self.condition.apply(infrared, visible, generator)
        except InputError as error:
            raise InputError(f"{self.infrared}: {error}") from error
        except ValueError as error:
            raise InputError(f"{self.infrared}: {error}; {self.condition}") from error
        return changed, encoded if seen is visible else encoded.like(seen)


def disturb(pairs: Sequence[Pair], condition: Condition, seed: int) -> list[DisturbedPair]:
    """Put pairs under a condition."""
    names = [one.name for one in fields(Pair)]
    return [
        DisturbedPair(**{name: getattr(pair, name) for name in names}, condition=condition, seed=seed) for pair in pairs
    ]
