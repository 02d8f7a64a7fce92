"""A stage: one resumable step of a pipeline, with everything that decides its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Summary = dict[str, Any]


@dataclass(frozen=True)
class Inputs:
    """The folders of the stages a stage needs, by name, and the reasons of those that failed."""

    folders: dict[str, Path]
    failures: dict[str, str]

    def __getitem__(self, stage: str) -> Path:
        """Give the folder of a stage that did not fail."""
        return self.folders[stage]


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline, with everything that decides its result.

    Args:
        name: its folder below the work folder, such as "fuse/average".
        run: does the work inside the folder it is given, from the folders of the stages it needs, and returns JSON
            values to remember. Called again on a half-done folder it must go on or start over.
        settings: JSON values; a change means the stage runs again.
        needs: names of stages whose folders it reads.
        inputs: files and folders from outside; a change of content means the stage runs again.
        version: raised when the code changes its results.
        may_fail: an exception is recorded and the stages that do not need this one go on.
    """

    name: str
    run: Callable[[Path, Inputs], Summary]
    settings: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    inputs: tuple[Path, ...] = ()
    version: int = 1
    may_fail: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a stage: "done", "skipped" or "failed", with its summary or the reason."""

    status: str
    summary: Summary = field(default_factory=dict)
    reason: str = ""
