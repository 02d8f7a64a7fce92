"""One line of a table before averaging over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipelines.stage import Inputs


class RunOf(NamedTuple):
    """A network trained on the images of one fuser with one seed; as text it names the stage folders."""

    fuser: str
    seed: int

    def __str__(self) -> str:
        return f"{self.fuser}-seed{self.seed}"


def first_finished(runs: Sequence[RunOf], inputs: Inputs) -> dict[str, RunOf]:
    """Give of every fuser that has a scored run the first one, fusers in the order of `runs`."""
    found: dict[str, RunOf] = {}
    for run_of in runs:
        if f"score_task/{run_of}" in inputs.folders:
            found.setdefault(run_of.fuser, run_of)
    return found
