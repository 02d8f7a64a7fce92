"""What a reader of a detection report needs to judge the run or repeat it, as names and values."""

from __future__ import annotations

from pathlib import Path

from downstream.datasets import SPLITS, DetectionData
from downstream.detection import DetectorSettings
from pipelines.config import Settings
from pipelines.report.facts import Facts, fuser_facts, leakage_fact, run_facts, split_fact


def detection_facts(
    settings: Settings, data: DetectionData, detector: DetectorSettings, is_sample: bool, command: str
) -> Facts:
    """List data, split, how fusers and detector were trained, command, date, commit, machine and versions."""
    return [
        split_fact(settings, data.split_name, {split: len(data.of(split)) for split in SPLITS}, is_sample),
        leakage_fact(data.leakage, is_sample),
        ("box faults", f"{data.faults.clipped} clipped to the image, {data.faults.dropped} without area dropped"),
        *fuser_facts(settings),
        *_detector_facts(settings, detector),
        *run_facts(command),
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
