"""The stage that writes the built-in sample."""

from __future__ import annotations

from pathlib import Path

from pipelines.config import Settings
from pipelines.sample import write_sample
from pipelines.stage import Inputs, Stage, Summary


def sample_stage(settings: Settings) -> Stage:
    """Give the stage that writes the sample, laid out as M3FD, into its folder `data`."""
    size = {"train": settings["sample"]["train"], "test": settings["sample"]["test"]}

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        write_sample(out_dir / "data", **size)
        return size

    return Stage("sample", run, size)
