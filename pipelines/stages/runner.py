"""Run stages: a finished one is skipped, an interrupted one continues, a changed one runs again."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fusion.errors import unknown_name
from fusion.storage import Fingerprints, read_json, remove_partial, write_json
from pipelines.stages.endings import part_of, publish, reason_to_go_on
from pipelines.stages.provenance import RECORD, Provenance, current_provenance
from pipelines.stages.stage import Inputs, Outcome, Stage, Summary

PART_KEY = ".key.json"


class StageRunner:
    """Runs stages in order inside one work folder.

    Args:
        work_dir: holds one folder per stage; an unfinished one is called `.NAME.part`.
        forced: stages to run even if they are finished, by name or group ("fuse" includes "fuse/average").
        announce: called with one line per event.
    """

    def __init__(self, work_dir: Path, forced: Sequence[str], announce: Callable[[str], None]) -> None:
        self._work_dir, self._forced, self._announce = work_dir, ForcedStages(forced), announce
        self._fingerprints = Fingerprints(work_dir / ".fingerprints.json")
        self.outcomes: dict[str, Outcome] = {}

    def plan(self, stages: Sequence[Stage]) -> dict[str, str]:
        """Return what `run` would do with each stage, "skip", "run" or "continue", without changing anything."""
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
        """Run the unfinished stages one after the other and return every outcome by name.

        Raises:
            InputError: a mistake of the user's. Exceptions of stages that may not fail pass through. Unfinished work
                is kept.
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
                self.finish(stage, summary, current_provenance()._replace(seconds=time.monotonic() - start))
        self.remember()
        return self.outcomes

    def settle(self, stage: Stage) -> bool:
        """Settle a stage that is finished, or needs one that failed, without running it; return whether it was."""
        failed = [need for need in stage.needs if self.outcomes[need].status == "failed"]
        record = self._finished(stage)
        if failed and stage.may_fail:
            self.outcomes[stage.name] = Outcome("failed", reason=self.outcomes[failed[0]].reason)
        elif record is not None:
            self._announce(f"{stage.name}: finished, skipped")
            self.outcomes[stage.name] = Outcome("skipped", record["summary"])
        return stage.name in self.outcomes

    def prepare(self, stage: Stage) -> Path:
        """Return the folder for a stage to work in: an unfinished one with the same key, or else an empty one."""
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
        """Return the folders of the stages that a stage needs, once they are settled."""
        failures = {need: self.outcomes[need].reason for need in stage.needs if self.outcomes[need].status == "failed"}
        return Inputs({need: self.folder(need) for need in stage.needs if need not in failures}, failures)

    def finish(self, stage: Stage, summary: Summary, made: Provenance) -> None:
        """Publish the folder of a finished stage as its result."""
        part, content = self._part(stage), made._asdict()
        seconds = round(content.pop("seconds") or 0, 1)
        record = {"key": self._key(stage), "run": uuid.uuid4().hex, "seconds": seconds, "summary": summary}
        write_json(part / RECORD, {**record, "made": content})
        publish(part, self.folder(stage.name))
        self._announce(f"{stage.name}: done in {seconds} s")
        self.outcomes[stage.name] = Outcome("done", summary)

    def fail(self, stage: Stage, reason: str) -> None:
        """Record that a stage that may fail did."""
        self._announce(f"{stage.name}: FAILED, {reason}")
        self.outcomes[stage.name] = Outcome("failed", reason=reason)

    def remember(self) -> None:
        """Save the fingerprints of unchanged files for the next run."""
        self._fingerprints.remember()

    def folder(self, name: str) -> Path:
        """Return the folder of a stage's finished result."""
        return self._work_dir / name

    def _can_continue(self, stage: Stage) -> bool:
        key_file = self._part(stage) / PART_KEY
        return key_file.exists() and read_json(key_file) == self._key(stage)

    def _finished(self, stage: Stage) -> dict[str, Any] | None:
        """Return the record of a finished run with the same key, unless the stage is forced."""
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


class ForcedStages:
    """Stages to run although they are finished, by name or group: "fuse" includes "fuse/average"."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def __contains__(self, stage: Stage) -> bool:
        return any(stage.name == name or stage.name.startswith(f"{name}/") for name in self._names)

    def require_known(self, stages: Sequence[Stage]) -> None:
        """Check that every name is that of a stage or a group.

        Raises:
            InputError: an unknown name, with the nearest one and the list.
        """
        known = {stage.name for stage in stages} | {stage.name.partition("/")[0] for stage in stages}
        for name in self._names:
            if name not in known:
                raise unknown_name("stage", name, known)
