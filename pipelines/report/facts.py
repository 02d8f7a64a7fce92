"""What a reader of any report needs to judge the run or repeat it, as names and values."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from fusion.fusers import SHIPPED
from pipelines.config import Settings
from pipelines.report.environment import describe_environment
from pipelines.rows import FuserSource, fuser_names, fuser_source

Facts = list[tuple[str, str]]


def dataset_name(settings: Settings, is_sample: bool) -> str:
    """Name the data as the tables do."""
    return "SAMPLE" if is_sample else str(settings["data"]["name"])


def split_name(name: str, is_sample: bool) -> str:
    """Name the split as the tables do."""
    return "sample" if is_sample else name


def split_fact(settings: Settings, name: str, counts: Mapping[str, int], is_sample: bool) -> tuple[str, str]:
    """Say which data was divided how, and how many pairs each part has."""
    seed = f", seed {settings['data']['seed']}" if name == "random" else ""
    parts = ", ".join(f"{count} {split}" for split, count in counts.items() if count)
    data = "built-in SAMPLE" if is_sample else settings["data"]["name"]
    return "data", f"{data}, split {split_name(name, is_sample)}{seed}: {parts}"


def leakage_fact(leakage: float | None, is_sample: bool) -> tuple[str, str]:
    """Say how many test images have a neighbour in training."""
    if is_sample:
        return "leakage", "none, every scene is drawn anew"
    if leakage is None:
        return "leakage", "unknown, names are no numbers"
    return "leakage", f"{leakage:.1%} of test frames have a neighbour in training"


def fuser_facts(settings: Settings) -> Facts:
    """Say what a row is where its name does not: type, options, and where the weights of the network come from."""
    sources = [fuser_source(settings, row) for row in fuser_names(settings)]
    return [(source.row, ", ".join(said)) for source in sources if (said := [*_kind(source), *_origin(source)])]


def _kind(source: FuserSource) -> list[str]:
    """Give type and options, without weights whose origin is told."""
    told = ("type", "weights") if _is_network(source) else ("type",)
    options = [f"{option} {value}" for option, value in source.given.items() if option not in told]
    package = [f"of the package {source.decisive['package']}"] if "package" in source.decisive else []
    return [*([source.name] if "type" in source.given else []), *package, *options]


def _is_network(source: FuserSource) -> bool:
    return source.training is not None or (source.learned and "weights" in source.options)


def _origin(source: FuserSource) -> list[str]:
    """Tell where the weights come from, of a fuser that has an option for them."""
    if not _is_network(source):
        return []
    if source.training is None:
        weights = source.options["weights"]
        return ["the shipped weights, see fusion/weights/isfuse.md" if weights == SHIPPED else f"weights {weights}"]
    training, schedule = source.training, source.training["schedule"]
    return [
        f"trained on the training pairs ({schedule['validation']:.0%} held out to choose the epoch): "
        f"{training['ablation']} objective, {schedule['epochs']} epochs, crops of {schedule['crop']} px, "
        f"batch {schedule['batch_size']}, Adam {schedule['learning_rate']}, {schedule['precision']}, "
        f"seed {schedule['seed']}"
    ]


def run_facts(command: str) -> Facts:
    """Tell command, date, commit, machine and versions."""
    return [("command", command), ("date", datetime.date.today().isoformat()), *describe_environment().items()]
