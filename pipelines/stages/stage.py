"""A stage: one resumable step of a pipeline, with everything that decides its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

Summary = dict[str, Any]


@dataclass(frozen=True)
class Inputs:
    """The stages that a stage needs: the folder of each that finished, and why the others failed, by name."""

    folders: dict[str, Path]
    failures: dict[str, str]

    def __getitem__(self, stage: str) -> Path:
        """Return the folder of a stage that finished."""
        return self.folders[stage]


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline, with everything that decides its result.

    Args:
        name: its folder below the work folder, such as "fuse/average".
        run: does the work in the folder it is given, reading the folders of the stages it needs, and returns JSON
            values to keep. Called on an unfinished folder, it must continue or start over.
        settings: JSON values; if they change, the stage runs again.
        needs: names of the stages whose folders it reads.
        inputs: files and folders from outside; if their content changes, the stage runs again.
        version: incremented when the code changes the results.
        may_fail: record an exception and continue with the stages that do not need this one.
        alone: run while no other stage of the pipeline does, as a measurement of time must.
    """

    name: str
    run: Callable[[Path, Inputs], Summary]
    settings: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    inputs: tuple[Path, ...] = ()
    version: int = 1
    may_fail: bool = False
    alone: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a stage ended: "done", "skipped" or "failed", with its summary or the reason."""

    status: str
    summary: Summary = field(default_factory=dict)
    reason: str = ""


class Task(NamedTuple):
    """What a pipeline does: its stages in order, the last one called "report", and notices to print before they run."""

    stages: list[Stage]
    notices: list[str]
