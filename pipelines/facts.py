"""What a reader of any report needs to judge the run or repeat it, as names and values."""

from __future__ import annotations

import datetime

from fusion.registry import fuser_class
from pipelines.config import Settings
from pipelines.environment import describe_environment
from pipelines.fusing import fuser_names, is_trained

Facts = list[tuple[str, str]]


def fuser_facts(settings: Settings) -> Facts:
    """Say of every learned fuser where its weights come from."""
    training = settings["training"]
    schedule = training["schedule"]
    trained = (
        f"trained on the training pairs ({schedule['validation']:.0%} held out to choose the epoch): "
        f"{training['ablation']} objective, {schedule['epochs']} epochs, crops of {schedule['crop']} px, "
        f"batch {schedule['batch_size']}, Adam {schedule['learning_rate']}, {schedule['precision']}, "
        f"seed {schedule['seed']}"
    )
    return [
        (name, trained if is_trained(settings, name) else f"weights {settings['fuser_options'][name]['weights']}")
        for name in fuser_names(settings)
        if fuser_class(name).learned
    ]


def run_facts(command: str) -> Facts:
    """Tell command, date, commit, machine and versions."""
    return [("command", command), ("date", datetime.date.today().isoformat()), *describe_environment().items()]
