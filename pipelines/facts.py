"""What a reader of any report needs to judge the run or repeat it, as names and values."""

from __future__ import annotations

import datetime

from fusion.learned import SHIPPED
from fusion.registry import fuser_class
from pipelines.config import Settings
from pipelines.environment import describe_environment
from pipelines.fuser_source import FuserSource, fuser_names, fuser_source

Facts = list[tuple[str, str]]


def fuser_facts(settings: Settings) -> Facts:
    """Say of every learned fuser where its weights come from."""
    sources = [fuser_source(settings, row) for row in fuser_names(settings)]
    return [(source.row, _origin(source)) for source in sources if fuser_class(source.name).learned]


def _origin(source: FuserSource) -> str:
    if source.training is None:
        weights = source.options["weights"]
        return "the shipped weights, see fusion/weights/isfuse.md" if weights == SHIPPED else f"weights {weights}"
    training, schedule = source.training, source.training["schedule"]
    return (
        f"trained on the training pairs ({schedule['validation']:.0%} held out to choose the epoch): "
        f"{training['ablation']} objective, {schedule['epochs']} epochs, crops of {schedule['crop']} px, "
        f"batch {schedule['batch_size']}, Adam {schedule['learning_rate']}, {schedule['precision']}, "
        f"seed {schedule['seed']}"
    )


def run_facts(command: str) -> Facts:
    """Tell command, date, commit, machine and versions."""
    return [("command", command), ("date", datetime.date.today().isoformat()), *describe_environment().items()]
