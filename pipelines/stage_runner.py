"""Run stages: a finished one is skipped, an interrupted one goes on, a changed one runs again."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fusion.errors import InputError, one_line, unknown_name
from fusion.files import read_json, unwritable, write_json
from pipelines.fingerprint import Fingerprints
from pipelines.stage import Inputs, Outcome, Stage

RECORD = "stage.json"
PART_KEY = ".key.json"
DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)  # no fault of one fuser


class StageRunner:
    """Runs stages in order inside one work folder.

    Args:
        work_dir: holds one folder per stage, a half-done one as `.NAME.part`.
        forced: stages to run even if they are finished, by name or group ("fuse" forces "fuse/average" too).
        announce: takes one line per stage.
    """

    def __init__(self, work_dir: Path, forced: Sequence[str], announce: Callable[[str], None]) -> None:
        self._work_dir, self._forced, self._announce = work_dir, forced, announce
        self._fingerprints = Fingerprints(work_dir / ".fingerprints.json")
        self.outcomes: dict[str, Outcome] = {}

    def plan(self, stages: Sequence[Stage]) -> dict[str, str]:
        """Say for each stage what `run` would do: "skip", "run" or "continue"; nothing is changed."""
        self._require_forced_exist(stages)
        plans: dict[str, str] = {}
        for stage in stages:
            stale = any(plans[need] != "skip" for need in stage.needs)
            if not stale and self._finished(stage) is not None:
                plans[stage.name] = "skip"
            else:
                plans[stage.name] = "continue" if not stale and self._can_continue(stage) else "run"
        return plans

    def run(self, stages: Sequence[Stage]) -> dict[str, Outcome]:
        """Run what is not finished and give every outcome by name.

        Raises:
            InputError: a mistake of the user's; and whatever a stage raises that may not fail. Half-done work stays.
        """
        self._require_forced_exist(stages)
        for stage in stages:
            failed = [need for need in stage.needs if self.outcomes[need].status == "failed"]
            if failed and stage.may_fail:
                outcome = Outcome("failed", reason=self.outcomes[failed[0]].reason)
            else:
                outcome = self._run(stage)
            self.outcomes[stage.name] = outcome
        self._fingerprints.remember()
        return self.outcomes

    def folder(self, name: str) -> Path:
        """Say where a stage keeps its finished result."""
        return self._work_dir / name

    def _run(self, stage: Stage) -> Outcome:
        record = self._finished(stage)
        if record is not None:
            self._announce(f"{stage.name}: finished, skipped")
            return Outcome("skipped", record["summary"])
        part = self._prepare_part(stage)
        start = time.monotonic()
        try:
            summary = stage.run(part, self._inputs(stage))
        except (InputError, MemoryError):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in DISK_FAULTS:
                raise unwritable(part, error) from error
            if not stage.may_fail:
                raise
            reason = f"{type(error).__name__}: {one_line(error)}"
            self._announce(f"{stage.name}: FAILED, {reason}")
            return Outcome("failed", reason=reason)
        seconds = round(time.monotonic() - start, 1)
        record = {"key": self._key(stage), "run": uuid.uuid4().hex, "seconds": seconds, "summary": summary}
        write_json(part / RECORD, record)
        self._publish(part, self.folder(stage.name))
        self._announce(f"{stage.name}: done in {seconds} s")
        return Outcome("done", summary)

    def _inputs(self, stage: Stage) -> Inputs:
        failures = {need: self.outcomes[need].reason for need in stage.needs if self.outcomes[need].status == "failed"}
        return Inputs({need: self.folder(need) for need in stage.needs if need not in failures}, failures)

    def _prepare_part(self, stage: Stage) -> Path:
        """Keep a half-done folder of the same key, else start with an empty one."""
        part = self._part(stage)
        if self._can_continue(stage):
            self._announce(f"{stage.name}: goes on")
        else:
            self._announce(f"{stage.name}: starts")
            shutil.rmtree(part, ignore_errors=True)
            write_json(part / PART_KEY, self._key(stage))
        return part

    def _can_continue(self, stage: Stage) -> bool:
        key_file = self._part(stage) / PART_KEY
        return key_file.exists() and read_json(key_file) == self._key(stage)

    def _publish(self, part: Path, final: Path) -> None:
        """Swap the finished folder in; the old one is gone only when the new one stands beside it complete."""
        if final.exists():
            old = part.with_suffix(".old")
            shutil.rmtree(old, ignore_errors=True)
            final.rename(old)
            part.rename(final)
            shutil.rmtree(old)
        else:
            part.rename(final)

    def _finished(self, stage: Stage) -> dict[str, Any] | None:
        """Give the record of a finished run with an equal key, unless it is forced to run again in this process."""
        record = self.folder(stage.name) / RECORD
        if self._is_forced(stage) or not record.exists():
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
        final = self.folder(stage.name)
        return final.with_name(f".{final.name}.part")

    def _is_forced(self, stage: Stage) -> bool:
        return any(stage.name == name or stage.name.startswith(f"{name}/") for name in self._forced)

    def _require_forced_exist(self, stages: Sequence[Stage]) -> None:
        names = {stage.name for stage in stages} | {stage.name.partition("/")[0] for stage in stages}
        for forced in self._forced:
            if forced not in names:
                raise unknown_name("stage", forced, names)
