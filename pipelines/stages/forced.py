"""Which stages are to run though they are finished."""

from __future__ import annotations

from collections.abc import Sequence

from fusion.errors import unknown_name
from pipelines.stages.stage import Stage


class ForcedStages:
    """Stages by name or group: "fuse" names "fuse/average" too."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def __contains__(self, stage: Stage) -> bool:
        return any(stage.name == name or stage.name.startswith(f"{name}/") for name in self._names)

    def require_known(self, stages: Sequence[Stage]) -> None:
        """Refuse a name that none of the stages has, with the nearest one that there is."""
        known = {stage.name for stage in stages} | {stage.name.partition("/")[0] for stage in stages}
        for name in self._names:
            if name not in known:
                raise unknown_name("stage", name, known)
