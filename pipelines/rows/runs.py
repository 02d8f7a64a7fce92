"""The trainings of a table: every row with every seed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fusion.errors import InputError
from fusion.stress import Condition
from pipelines.stages import Inputs


class RunId(NamedTuple):
    """A detector or segmenter trained on the images of one row with one seed; as text it names the stage folders.

    With folds, a run without a fold stands for the trainings of all its folds, whose test images are scored together.
    """

    fuser: str
    seed: int
    fold: int | None = None

    def __str__(self) -> str:
        return f"{self.fuser}-seed{self.seed}{fold_suffix(self.fold)}"

    @property
    def scoring_stage(self) -> str:
        """Name of the stage that scores the trained network."""
        return f"score_task/{self}"

    @property
    def training_stage(self) -> str:
        """Name of the stage that trains the network."""
        return f"train_task/{self}"


def fold_suffix(fold: int | None) -> str:
    """Return what the names of the stages of a fold, 1..K, end with; "" for None."""
    return f"-fold{fold}" if fold else ""


def row_of(stage: str) -> str:
    """Return the row that a stage belongs to; "" for a stage of all rows.

    Example:
        >>> row_of("train_task/isfuse-seed0-fold2"), row_of("fuse/average"), row_of("prepare")
        ('isfuse', 'average', '')
        >>> row_of("stress/isfuse-seed0/infrared_noise@20")
        'isfuse'
    """
    _, _, rest = stage.partition("/")
    return re.sub(r"(-seed\d+)?(-fold\d+)?$", "", rest.partition("/")[0])


def stress_stage(run_id: RunId | str, condition: Condition) -> str:
    """Return the name of the stage that scores a run, or the fused images of a row, under a condition.

    Its files are those of the stage that scores the clean test images.
    """
    return f"stress/{run_id}/{condition}"


def run_ids(fusers: Iterable[str], seeds: Sequence[int]) -> list[RunId]:
    """List the runs of a pipeline: every row with every seed.

    Raises:
        InputError: there is no seed, a seed is listed twice, or one is not a non-negative integer.

    Example:
        >>> [str(run_id) for run_id in run_ids(["average", "isfuse"], [0, 1])]
        ['average-seed0', 'average-seed1', 'isfuse-seed0', 'isfuse-seed1']
    """
    valid = [seed for seed in seeds if type(seed) is int and seed >= 0]
    if not seeds or len(set(valid)) < len(seeds):
        raise InputError(
            f"seeds={','.join(map(str, seeds))}: not a list of seeds (expected whole numbers from 0, each once). "
            "Try: seeds=0,1,2"
        )
    return [RunId(fuser, seed) for fuser in fusers for seed in seeds]


def first_finished(run_ids: Sequence[RunId], inputs: Inputs) -> dict[str, RunId]:
    """Return the first scored run of every row that has one, rows in the order of `run_ids`."""
    found: dict[str, RunId] = {}
    for run_id in run_ids:
        if run_id.scoring_stage in inputs.folders:
            found.setdefault(run_id.fuser, run_id)
    return found
