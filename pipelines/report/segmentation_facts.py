"""What a reader of a segmentation report needs to judge the run or repeat it, as names and values."""

from __future__ import annotations

from pathlib import Path

from downstream.datasets import SPLITS, SegmentationData
from downstream.segmentation import IMAGENET, SegmenterSettings
from pipelines.config import Settings
from pipelines.report.facts import Facts, fuser_facts, leakage_fact, run_facts, split_fact


def segmentation_facts(
    settings: Settings, data: SegmentationData, segmenter: SegmenterSettings, is_sample: bool, command: str
) -> Facts:
    """List data, split, how fusers and segmenter were trained, command, date, commit, machine and versions."""
    counts = {split: len(data.of(split)) for split in SPLITS}
    absent = [name for name, count in data.pixels("test").items() if not count]
    return [
        split_fact(settings, data.split_name, counts, is_sample),
        leakage_fact(data.leakage, is_sample),
        ("classes absent", f"{', '.join(absent)}: no pixel of the test images" if absent else "none"),
        *fuser_facts(settings),
        ("segmenter", _segmenter(segmenter)),
        ("seeds", ", ".join(str(seed) for seed in settings["seeds"])),
        *run_facts(command),
    ]


def _segmenter(segmenter: SegmenterSettings) -> str:
    weights = segmenter.encoder_weights
    start = "random weights" if weights is None else IMAGENET if weights == IMAGENET else Path(weights).name
    return (
        f"{segmenter.model} with encoder {segmenter.encoder} from {start}, {segmenter.epochs} epochs, crops of "
        f"{segmenter.crop} px, batch {segmenter.batch_size}, AdamW {segmenter.learning_rate}, cross-entropy + Dice, "
        f"scaled by mean and deviation of {segmenter.normalisation}, weights of the epoch with the best validation mIoU"
    )
