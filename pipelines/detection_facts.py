"""What a reader of a detection report needs to judge the run or repeat it, as names and values."""

from __future__ import annotations

from pathlib import Path

from downstream.detection_data import DetectionData
from downstream.detector_settings import DetectorSettings
from pipelines.config import Settings
from pipelines.facts import Facts, fuser_facts, run_facts


def detection_facts(
    settings: Settings, data: DetectionData, detector: DetectorSettings, is_sample: bool, command: str
) -> Facts:
    """List data, split, how fusers and detector were trained, command, date, commit, machine and versions."""
    return [
        *_data_facts(settings, data, is_sample),
        *fuser_facts(settings),
        *_detector_facts(settings, detector),
        *run_facts(command),
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
