from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fusion.errors import FuserError, InputError
from pipelines.stages.runner import StageRunner
from pipelines.stages.stage import Inputs, Outcome, Stage, Summary


class Chain:
    """A source file, `read` that copies it, `double` that needs `read`, and `other` that needs nothing."""

    def __init__(self, folder: Path) -> None:
        self.work_dir = folder / "work"
        self.source = folder / "source.txt"
        self.source.write_text("7")
        self.factor = 2
        self.lines: list[str] = []

    def stages(self) -> list[Stage]:
        factor = self.factor

        def read(out_dir: Path, inputs: Inputs) -> Summary:
            (out_dir / "number.txt").write_text(self.source.read_text())
            return {}

        def double(out_dir: Path, inputs: Inputs) -> Summary:
            return {"result": factor * int((inputs["read"] / "number.txt").read_text())}

        return [
            Stage("read", read, inputs=(self.source,)),
            Stage("double", double, {"factor": factor}, needs=("read",)),
            Stage("other", nothing),
        ]

    def run(self, *forced: str) -> dict[str, Outcome]:
        self.work_dir.mkdir(exist_ok=True)  # as the lock does
        return StageRunner(self.work_dir, forced, self.lines.append).run(self.stages())

    def statuses(self, *forced: str) -> dict[str, str]:
        return statuses(self.run(*forced))


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return Chain(tmp_path)


def nothing(out_dir: Path, inputs: Inputs) -> Summary:
    return {}


def raises(error: BaseException) -> Callable[[Path, Inputs], Summary]:
    def run(out_dir: Path, inputs: Inputs) -> Summary:
        (out_dir / "half.txt").write_text("half")
        raise error

    return run


def statuses(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {name: outcome.status for name, outcome in outcomes.items()}


def run(work_dir: Path, *stages: Stage) -> dict[str, Outcome]:
    return StageRunner(work_dir, (), lambda line: None).run(stages)


def plan(work_dir: Path, *stages: Stage) -> dict[str, str]:
    return StageRunner(work_dir, (), lambda line: None).plan(stages)


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_a_first_run_does_every_stage_and_hands_folders_on(chain: Chain) -> None:
    outcomes = chain.run()
    assert statuses(outcomes) == {"read": "done", "double": "done", "other": "done"}
    assert outcomes["double"].summary == {"result": 14}


def test_a_second_run_skips_every_stage_and_remembers_the_summaries(chain: Chain) -> None:
    chain.run()
    before = snapshot(chain.work_dir)
    outcomes = chain.run()
    assert set(statuses(outcomes).values()) == {"skipped"}
    assert outcomes["double"].summary == {"result": 14}
    assert snapshot(chain.work_dir) == before


def test_a_changed_setting_runs_its_stage_again_and_no_other(chain: Chain) -> None:
    chain.run()
    chain.factor = 3
    outcomes = chain.run()
    assert statuses(outcomes) == {"read": "skipped", "double": "done", "other": "skipped"}
    assert outcomes["double"].summary == {"result": 21}


def test_a_changed_setting_runs_the_dependents_again(tmp_path: Path) -> None:
    def stages(setting: int) -> list[Stage]:
        return [
            Stage("first", nothing, {"setting": setting}),
            Stage("second", nothing, needs=("first",)),
            Stage("third", nothing, needs=("second",)),
            Stage("alone", nothing),
        ]

    run(tmp_path, *stages(1))
    assert statuses(run(tmp_path, *stages(2))) == {
        "first": "done",
        "second": "done",
        "third": "done",
        "alone": "skipped",
    }


def test_a_raised_version_runs_the_stage_again(tmp_path: Path) -> None:
    run(tmp_path, Stage("a", nothing))
    assert run(tmp_path, Stage("a", nothing, version=2))["a"].status == "done"


def test_changed_content_of_an_input_runs_its_stage_and_the_dependents_again(chain: Chain) -> None:
    chain.run()
    chain.source.write_text("5")
    outcomes = chain.run()
    assert statuses(outcomes) == {"read": "done", "double": "done", "other": "skipped"}
    assert outcomes["double"].summary == {"result": 10}


def test_force_runs_the_stage_and_its_dependents_again(chain: Chain) -> None:
    chain.run()
    assert chain.statuses("read") == {"read": "done", "double": "done", "other": "skipped"}
    assert set(chain.statuses().values()) == {"skipped"}


def test_force_takes_the_name_of_a_group(tmp_path: Path) -> None:
    stages = [Stage("fuse/a", nothing), Stage("fuse/b", nothing), Stage("fusel", nothing)]
    run(tmp_path, *stages)
    outcomes = StageRunner(tmp_path, ["fuse"], lambda line: None).run(stages)
    assert statuses(outcomes) == {"fuse/a": "done", "fuse/b": "done", "fusel": "skipped"}


def test_an_unknown_forced_stage_is_refused_with_the_nearest_name(chain: Chain) -> None:
    with pytest.raises(InputError, match=r"unknown stage 'duoble'\. Did you mean 'double'"):
        chain.run("duoble")
    assert not list(chain.work_dir.iterdir())


def test_a_failure_reaches_dependents_but_not_the_independent(tmp_path: Path) -> None:
    seen: dict[str, str] = {}

    def report(out_dir: Path, inputs: Inputs) -> Summary:
        seen.update(inputs.failures)
        return {"had": sorted(inputs.folders)}

    outcomes = run(
        tmp_path,
        Stage("bad", raises(RuntimeError("out of\nluck")), may_fail=True),
        Stage("after", nothing, needs=("bad",), may_fail=True),
        Stage("good", nothing, may_fail=True),
        Stage("report", report, needs=("after", "good")),
    )
    assert statuses(outcomes) == {"bad": "failed", "after": "failed", "good": "done", "report": "done"}
    assert outcomes["bad"].reason == outcomes["after"].reason == "RuntimeError: out of luck"
    assert seen == {"after": "RuntimeError: out of luck"}
    assert outcomes["report"].summary == {"had": ["good"]}


def test_a_failed_stage_is_tried_again_and_the_report_follows(tmp_path: Path) -> None:
    def stages(work: Callable[[Path, Inputs], Summary]) -> list[Stage]:
        return [Stage("fickle", work, may_fail=True), Stage("report", nothing, needs=("fickle",))]

    broken = stages(raises(RuntimeError("no")))
    assert statuses(run(tmp_path, *broken)) == {"fickle": "failed", "report": "done"}
    assert statuses(run(tmp_path, *broken)) == {"fickle": "failed", "report": "skipped"}
    assert statuses(run(tmp_path, *stages(nothing))) == {"fickle": "done", "report": "done"}


def test_an_exception_of_a_stage_that_may_not_fail_stops_the_run_and_keeps_the_half(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no"):
        run(tmp_path, Stage("group/bad", raises(RuntimeError("no"))), Stage("after", nothing))
    assert (tmp_path / "group" / ".bad.part" / "half.txt").read_text() == "half"
    assert not (tmp_path / "group" / "bad").exists()
    assert not (tmp_path / "after").exists()


def test_a_mistake_of_the_user_stops_even_a_stage_that_may_fail(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="wrong"):
        run(tmp_path, Stage("bad", raises(InputError("wrong")), may_fail=True))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "MemoryError"),
        (torch.OutOfMemoryError("CUDA out of memory.\n"), "OutOfMemoryError: CUDA out of memory."),
        (FuserError("image 00: values that are not finite"), "image 00: values that are not finite"),
    ],
)
def test_what_exhausts_memory_or_is_wrong_with_a_fuser_fails_one_stage_alone(
    tmp_path: Path, error: Exception, reason: str
) -> None:
    outcomes = run(tmp_path, Stage("bad", raises(error), may_fail=True), Stage("other", nothing))
    assert outcomes["bad"] == Outcome("failed", reason=reason)
    assert outcomes["other"].status == "done"
    with pytest.raises(type(error)):
        run(tmp_path, Stage("worse", raises(error)))


def test_an_interrupted_stage_goes_on_in_its_folder(tmp_path: Path) -> None:
    def goes_on(out_dir: Path, inputs: Inputs) -> Summary:
        return {"found": (out_dir / "half.txt").read_text()}

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Stage("a", raises(KeyboardInterrupt()), {"setting": 1}, may_fail=True))
    assert plan(tmp_path, Stage("a", goes_on, {"setting": 1})) == {"a": "continue"}
    outcome = run(tmp_path, Stage("a", goes_on, {"setting": 1}))["a"]
    assert outcome == Outcome("done", {"found": "half"})
    assert (tmp_path / "a" / "half.txt").exists()
    assert not (tmp_path / ".a.part").exists()


def test_what_a_killed_process_was_writing_is_no_part_of_the_result(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Stage("a", raises(KeyboardInterrupt())))
    (tmp_path / ".a.part" / "deep").mkdir()
    (tmp_path / ".a.part" / "deep" / ".curves.4711.part.png").touch()
    run(tmp_path, Stage("a", nothing))
    assert [path.name for path in (tmp_path / "a").rglob("*") if path.is_file()].count("half.txt") == 1
    assert not list((tmp_path / "a").rglob("*.part*"))


def test_an_interrupted_stage_of_other_settings_starts_empty(tmp_path: Path) -> None:
    def starts(out_dir: Path, inputs: Inputs) -> Summary:
        return {"found": [path.name for path in out_dir.iterdir() if not path.name.startswith(".")]}

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Stage("a", raises(KeyboardInterrupt()), {"setting": 1}))
    assert run(tmp_path, Stage("a", starts, {"setting": 2}))["a"].summary == {"found": []}


def test_an_old_result_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    def writes(out_dir: Path, inputs: Inputs) -> Summary:
        (out_dir / "result.txt").write_text("old")
        return {}

    run(tmp_path, Stage("a", writes, {"setting": 1}))
    with pytest.raises(RuntimeError):
        run(tmp_path, Stage("a", raises(RuntimeError()), {"setting": 2}))
    assert (tmp_path / "a" / "result.txt").read_text() == "old"
    run(tmp_path, Stage("a", nothing, {"setting": 2}))
    assert not (tmp_path / "a" / "result.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["a"]


def test_the_old_result_counts_again_with_its_old_settings(tmp_path: Path) -> None:
    run(tmp_path, Stage("a", nothing, {"setting": 1}))
    run(tmp_path, Stage("a", raises(RuntimeError("no")), {"setting": 2}, may_fail=True))
    assert run(tmp_path, Stage("a", nothing, {"setting": 1}))["a"].status == "skipped"


def test_a_plan_says_what_would_run(chain: Chain) -> None:
    assert plan(chain.work_dir, *chain.stages()) == {"read": "run", "double": "run", "other": "run"}
    chain.run()
    assert plan(chain.work_dir, *chain.stages()) == {"read": "skip", "double": "skip", "other": "skip"}
    chain.source.write_text("8")
    assert plan(chain.work_dir, *chain.stages()) == {"read": "run", "double": "run", "other": "skip"}


def test_a_plan_makes_no_work_folder(chain: Chain) -> None:
    plan(chain.work_dir, *chain.stages())
    assert not chain.work_dir.exists()


def test_a_plan_changes_no_stage(chain: Chain) -> None:
    chain.run()
    chain.factor = 3
    before = snapshot(chain.work_dir)
    plan(chain.work_dir, *chain.stages())
    assert snapshot(chain.work_dir) == before


def test_a_plan_changes_nothing_after_an_input_changed(chain: Chain) -> None:
    chain.run()
    chain.source.write_text("8")
    before = snapshot(chain.work_dir)
    plan(chain.work_dir, *chain.stages())
    assert snapshot(chain.work_dir) == before


def test_a_plan_does_not_promise_to_go_on_with_other_settings(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Stage("a", raises(KeyboardInterrupt()), {"setting": 1}))
    assert plan(tmp_path, Stage("a", nothing, {"setting": 2})) == {"a": "run"}


def test_every_stage_is_announced(chain: Chain) -> None:
    chain.run()
    chain.lines.clear()
    chain.factor = 3
    chain.run()
    assert chain.lines[:2] == ["read: finished, skipped", "double: starts"]
    assert chain.lines[2].startswith("double: done in ")
    assert chain.lines[3] == "other: finished, skipped"


def test_a_full_disk_stops_everything_and_is_no_fault_of_one_fuser(tmp_path: Path) -> None:
    def fill(out_dir: Path, inputs: Inputs) -> Summary:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(InputError, match="No space left on device"):
        StageRunner(tmp_path, [], announce=lambda line: None).run([Stage("fuse/average", fill, may_fail=True)])
