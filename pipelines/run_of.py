"""One line of a table before averaging over seeds."""

from __future__ import annotations

from typing import NamedTuple


class RunOf(NamedTuple):
    """A network trained on the images of one fuser with one seed; as text it names the stage folders."""

    fuser: str
    seed: int

    def __str__(self) -> str:
        return f"{self.fuser}-seed{self.seed}"
