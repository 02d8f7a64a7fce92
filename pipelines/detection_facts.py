"""What a reader of a detection report needs to judge the run or repeat it, as names and values."""

from __future__ import annotations

import datetime
from pathlib import Path

from downstream.detection_data import DetectionData
from downstream.detector_settings import DetectorSettings
from fusion.registry import fuser_class
from pipelines.config import Settings
from pipelines.environment import describe_environment
from pipelines.fusing import fuser_names, is_trained

Facts = list[tuple[str, str]]


def detection_facts(
    settings: Settings, data: DetectionData, detector: DetectorSettings, is_sample: bool, command: str
) -> Facts:
    """List data, split, how fusers and detector were trained, command, date, commit, machine and versions."""
    return [
        *_data_facts(settings, data, is_sample),
        *_fuser_facts(settings),
        *_detector_facts(settings, detector),
        ("command", command),
        ("date", datetime.date.today().isoformat()),
        *describe_environment().items(),
    ]


def split_name(data: DetectionData, is_sample: bool) -> str:
    """Name the split as the report does."""
    return "sample" if is_sample else data.split_name


def _data_facts(settings: Settings, data: DetectionData, is_sample: bool) -> Facts:
    counts = ", ".join(f"{len(data.of(split))} {split}" for split in ("train", "val", "test") if data.of(split))
    seed = f", seed {settings['data']['seed']}" if data.split_name == "random" else ""
    leakage = "unknown, names are no numbers"
    if is_sample:
        leakage = "none, every scene is drawn anew"
    elif data.leakage is not None:
        leakage = f"{data.leakage:.1%} of test frames have a neighbour in training"
    return [
        ("data", "built-in SAMPLE" if is_sample else settings["data"]["name"]),
        ("split", f"{split_name(data, is_sample)}{seed}: {counts}"),
        ("leakage", leakage),
        ("box faults", f"{data.faults.clipped} clipped to the image, {data.faults.dropped} without area dropped"),
    ]


def _fuser_facts(settings: Settings) -> Facts:
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


def _detector_facts(settings: Settings, detector: DetectorSettings) -> Facts:
    start = Path(detector.weights).name if detector.weights else "random weights"
    extra = "".join(f", {name} {value}" for name, value in detector.extra.items())
    return [
        (
            "detector",
            f"{detector.model} from {start}, {detector.epochs} epochs at {detector.image_size} px, batch "
            f"{detector.batch_size}, {detector.optimizer} {detector.learning_rate}{extra}, last epoch's weights",
        ),
        ("seeds", ", ".join(str(seed) for seed in settings["seeds"])),
    ]
