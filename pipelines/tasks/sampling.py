"""The first stages of every pipeline: the built-in sample, and reading what the data folder holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pipelines.rows import Experiment
from pipelines.stages import Inputs, Stage, Summary


def sample_stages(experiment: Experiment) -> list[Stage]:
    """Return the stage that writes the sample into its folder `data`; none where the user has data."""
    if not experiment.is_sample:
        return []
    wanted = asdict(experiment.settings.sample)

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from pipelines.sample import write_sample

        write_sample(out_dir / "data", **wanted)
        return wanted

    return [Stage("sample", run, wanted)]


def prepare_stage(experiment: Experiment, read_data: Callable[[Path, Path, str], Summary], version: int = 1) -> Stage:
    """Return the stage "prepare".

    Args:
        experiment: names the data; the sample is split as it was written.
        read_data: does the work, given the stage's folder, the data folder and the split.
        version: of `read_data`.
    """
    data, root = experiment.settings.data, experiment.root

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from pipelines.sample import sample_split

        folder = inputs["sample"] / "data" if root is None else root
        return read_data(out_dir, folder, sample_split(folder) if root is None else data.split)

    needs, inputs = (("sample",), ()) if root is None else ((), (root, *data.split_files))
    return Stage("prepare", run, {"data": data.key, "root": str(root)}, needs=needs, inputs=inputs, version=version)
