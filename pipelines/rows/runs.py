"""One line of a table before averaging over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fusion.errors import InputError
from pipelines.stages import Inputs


class RunOf(NamedTuple):
    """A network trained on the images of one fuser with one seed; as text it names the stage folders."""

    fuser: str
    seed: int

    def __str__(self) -> str:
        return f"{self.fuser}-seed{self.seed}"


def runs_of(fusers: Sequence[str], seeds: Sequence[int]) -> list[RunOf]:
    """List the runs of a pipeline: every fuser with every seed.

    Raises:
        InputError: there is no seed, one stands twice, or one is no whole number from 0.
    """
    whole = [seed for seed in seeds if type(seed) is int and seed >= 0]
    if not seeds or len(set(whole)) < len(seeds):
        raise InputError(f"seeds={','.join(map(str, seeds))}; expected whole numbers from 0, each once, such as 0,1,2")
    return [RunOf(fuser, seed) for fuser in fusers for seed in seeds]


def first_finished(runs: Sequence[RunOf], inputs: Inputs) -> dict[str, RunOf]:
    """Give of every fuser that has a scored run the first one, fusers in the order of `runs`."""
    found: dict[str, RunOf] = {}
    for run_of in runs:
        if f"score_task/{run_of}" in inputs.folders:
            found.setdefault(run_of.fuser, run_of)
    return found
