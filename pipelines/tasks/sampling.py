"""The stages before all others: the built-in sample, and finding what there is in it or in the user's data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipelines.config import Settings
from pipelines.sample import sample_split, write_sample
from pipelines.stages import Inputs, Stage, Summary


def sample_stage(settings: Settings) -> Stage:
    """Give the stage that writes the sample, laid out as the settings say, into its folder `data`."""
    wanted = {name: settings["sample"][name] for name in ("train", "test", "layout")}

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        write_sample(out_dir / "data", **wanted)
        return wanted

    return Stage("sample", run, wanted)


def prepare_stage(
    settings: Settings, root: Path | None, find: Callable[[Path, Path, str], Summary], version: int = 1
) -> Stage:
    """Give the stage "prepare"; with `root` None the data is the sample, divided as it was written.

    Args:
        settings: of the pipeline.
        root: the user's data.
        find: is given the stage's folder, the data's folder and the split, and does the work.
        version: of `find`.
    """
    data = settings["data"]

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        folder = inputs["sample"] / "data" if root is None else root
        return find(out_dir, folder, sample_split(folder) if root is None else data["split"])

    needs, inputs = (("sample",), ()) if root is None else ((), (root,))
    return Stage("prepare", run, {"data": data, "root": str(root)}, needs=needs, inputs=inputs, version=version)
