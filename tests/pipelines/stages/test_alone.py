"""A stage that has to be alone, as a measurement of time has to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.stages import Inputs, Stage, StageRunner, Summary, current_provenance, result_of, run_side_by_side
from pipelines.stages.launching import Launched


class Slow:
    """A stage that ends without a process when it was asked a few times whether it has."""

    def __init__(self, stage: str) -> None:
        self.stage, self.asked = stage, 0

    def code(self) -> int | None:
        self.asked += 1
        return 0 if self.asked > 6 else None

    def ask_to_stop(self) -> None: ...

    def end(self) -> None: ...


class Two:
    """Holds two stages and takes note of which others run when one starts."""

    def __init__(self) -> None:
        self.beside: dict[str, list[str]] = {}
        self.running = list[str]()

    def holds(self, stage: str, running: Sequence[Launched]) -> bool:
        self.running = [one.stage for one in running if isinstance(one, Slow)]
        return len(running) < 2

    def start(self, stage: str, order: Path, log: Path) -> Slow:
        self.beside[stage] = self.running
        made = current_provenance()._replace(seconds=0.0)._asdict()
        result_of(order).write_text(json.dumps({"summary": {}, "made": made}))
        return Slow(stage)

    def learn(self, stage: str, peak_bytes: int | None) -> None: ...


def nothing(out_dir: Path, inputs: Inputs) -> Summary:
    return {}


def test_no_stage_runs_beside_one_that_has_to_be_alone(tmp_path: Path) -> None:
    names = ("a", "measure/x", "b", "measure/y", "c")
    stages = [Stage(name, nothing, alone=name.startswith("measure/")) for name in names]
    launcher, runner = Two(), StageRunner(tmp_path, (), lambda line: None)
    found = run_side_by_side(runner, stages, tmp_path, launcher, {}, lambda line: None)
    assert {name: outcome.status for name, outcome in found.items()} == dict.fromkeys(names, "done")
    assert launcher.beside == {"a": [], "b": ["a"], "measure/x": [], "measure/y": [], "c": []}


@pytest.mark.parametrize("alone", [False, True])
def test_whether_a_stage_is_alone_does_not_change_its_key(tmp_path: Path, alone: bool) -> None:
    StageRunner(tmp_path, (), lambda line: None).run([Stage("a", nothing)])
    plan = StageRunner(tmp_path, (), lambda line: None).plan([Stage("a", nothing, alone=alone)])
    assert plan == {"a": "skip"}
