"""What a pipeline does, once its settings and its data are known."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.stages import Stage


class Task(NamedTuple):
    """Stages in order, the last one called "report", and what to tell the user before they start."""

    stages: list[Stage]
    notices: list[str]
