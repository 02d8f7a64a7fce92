"""Run stages: a finished one is skipped, an interrupted one goes on, a changed one runs again."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fusion.storage import Fingerprints, read_json, remove_partial, write_json
from pipelines.stages.endings import part_of, publish, reason_to_go_on
from pipelines.stages.forced import ForcedStages
from pipelines.stages.stage import Inputs, Outcome, Stage, Summary

RECORD = "stage.json"
PART_KEY = ".key.json"


class StageRunner:
    """Runs stages in order inside one work folder.

    Args:
        work_dir: holds one folder per stage, a half-done one as `.NAME.part`.
        forced: stages to run even if they are finished, by name or group ("fuse" forces "fuse/average" too).
        announce: takes one line per stage.
    """

    def __init__(self, work_dir: Path, forced: Sequence[str], announce: Callable[[str], None]) -> None:
        self._work_dir, self._forced, self._announce = work_dir, ForcedStages(forced), announce
        self._fingerprints = Fingerprints(work_dir / ".fingerprints.json")
        self.outcomes: dict[str, Outcome] = {}

    def plan(self, stages: Sequence[Stage]) -> dict[str, str]:
        """Say for each stage what `run` would do: "skip", "run" or "continue"; nothing is changed."""
        self._forced.require_known(stages)
        plans: dict[str, str] = {}
        for stage in stages:
            stale = any(plans[need] != "skip" for need in stage.needs)
            if not stale and self._finished(stage) is not None:
                plans[stage.name] = "skip"
            else:
                plans[stage.name] = "continue" if not stale and self._can_continue(stage) else "run"
        return plans

    def run(self, stages: Sequence[Stage]) -> dict[str, Outcome]:
        """Run what is not finished, one after the other, and give every outcome by name.

        Raises:
            InputError: a mistake of the user's; and whatever a stage raises that may not fail. Half-done work stays.
        """
        self._forced.require_known(stages)
        for stage in stages:
            if self.settle(stage):
                continue
            part, start = self.prepare(stage), time.monotonic()
            try:
                summary = stage.run(part, self.inputs_of(stage))
            except Exception as error:
                self.fail(stage, reason_to_go_on(stage, part, error))
            else:
                self.finish(stage, summary, time.monotonic() - start)
        self.remember()
        return self.outcomes

    def settle(self, stage: Stage) -> bool:
        """Note the outcome of a stage that has nothing to do: it is finished, or what it needs has failed."""
        failed = [need for need in stage.needs if self.outcomes[need].status == "failed"]
        record = self._finished(stage)
        if failed and stage.may_fail:
            self.outcomes[stage.name] = Outcome("failed", reason=self.outcomes[failed[0]].reason)
        elif record is not None:
            self._announce(f"{stage.name}: finished, skipped")
            self.outcomes[stage.name] = Outcome("skipped", record["summary"])
        return stage.name in self.outcomes

    def prepare(self, stage: Stage) -> Path:
        """Give the folder that a stage is to work in: a half-done one of the same key, or else an empty one."""
        part = self._part(stage)
        if self._can_continue(stage):
            self._announce(f"{stage.name}: goes on")
            remove_partial(part)
        else:
            self._announce(f"{stage.name}: starts")
            shutil.rmtree(part, ignore_errors=True)
            write_json(part / PART_KEY, self._key(stage))
        return part

    def inputs_of(self, stage: Stage) -> Inputs:
        """Give the folders of what a stage needs, once that is done."""
        failures = {need: self.outcomes[need].reason for need in stage.needs if self.outcomes[need].status == "failed"}
        return Inputs({need: self.folder(need) for need in stage.needs if need not in failures}, failures)

    def finish(self, stage: Stage, summary: Summary, seconds: float) -> None:
        """Turn the folder of a stage that is through into its result."""
        part, seconds = self._part(stage), round(seconds, 1)
        record = {"key": self._key(stage), "run": uuid.uuid4().hex, "seconds": seconds, "summary": summary}
        write_json(part / RECORD, record)
        publish(part, self.folder(stage.name))
        self._announce(f"{stage.name}: done in {seconds} s")
        self.outcomes[stage.name] = Outcome("done", summary)

    def fail(self, stage: Stage, reason: str) -> None:
        """Note that a stage failed, which may."""
        self._announce(f"{stage.name}: FAILED, {reason}")
        self.outcomes[stage.name] = Outcome("failed", reason=reason)

    def remember(self) -> None:
        """Keep what is known of unchanged files for the next run."""
        self._fingerprints.remember()

    def folder(self, name: str) -> Path:
        """Say where a stage keeps its finished result."""
        return self._work_dir / name

    def _can_continue(self, stage: Stage) -> bool:
        key_file = self._part(stage) / PART_KEY
        return key_file.exists() and read_json(key_file) == self._key(stage)

    def _finished(self, stage: Stage) -> dict[str, Any] | None:
        """Give the record of a finished run with an equal key, unless it is forced to run again in this process."""
        record = self.folder(stage.name) / RECORD
        if stage in self._forced or not record.exists():
            return None
        content: dict[str, Any] = read_json(record)
        return content if content["key"] == self._key(stage) else None

    def _key(self, stage: Stage) -> str:
        content = {
            "version": stage.version,
            "settings": stage.settings,
            "inputs": [self._fingerprints.of(path) for path in stage.inputs],
            "needs": [self._run_of(need) for need in stage.needs],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _run_of(self, name: str) -> str:
        record = self.folder(name) / RECORD
        failed = self.outcomes.get(name, Outcome("done")).status == "failed"
        run = self.outcomes[name].reason if failed else read_json(record)["run"] if record.exists() else ""
        return f"{name}: {run}"

    def _part(self, stage: Stage) -> Path:
        return part_of(self.folder(stage.name))
