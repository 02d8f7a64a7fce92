"""Which runs a pipeline has."""

from __future__ import annotations

from typing import Any

import pytest

from fusion.errors import InputError
from pipelines.rows.runs import run_ids


def test_every_fuser_runs_with_every_seed() -> None:
    assert [str(run_id) for run_id in run_ids(["a", "b"], [0, 3])] == ["a-seed0", "a-seed3", "b-seed0", "b-seed3"]


@pytest.mark.parametrize("seeds", [[], [0, 0], [-1], [0, "x"], [True], [0.5]])
def test_seeds_that_cannot_be_are_refused(seeds: list[Any]) -> None:
    with pytest.raises(InputError, match="expected whole numbers from 0, each once"):
        run_ids(["a"], seeds)
