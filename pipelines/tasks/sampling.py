"""The first stages of every pipeline: the built-in sample, and reading and dividing what the data folder holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from downstream.datasets import SPLITS
from pipelines.data_settings import DataSettings
from pipelines.rows import Experiment, fold_folder, save_pairs
from pipelines.stages import Inputs, Stage, Summary

if TYPE_CHECKING:
    from downstream.datasets import DetectionData, SegmentationData

Data = TypeVar("Data", "DetectionData", "SegmentationData")


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

    needs, inputs = (("sample",), ()) if root is None else ((), (root, *data.files))
    return Stage("prepare", run, {"data": data.key, "root": str(root)}, needs=needs, inputs=inputs, version=version)


def save_divided(out_dir: Path, data: Data, settings: DataSettings, save: Callable[[Path, Data], None]) -> Summary:
    """Write a data set as the stage "prepare" leaves it: data.json and the list of pairs, with folds also for each.

    Returns:
        The numbers of pairs, and how much the split leaks.

    Raises:
        InputError: an infrared image of more than 8 bits cannot be decoded; more folds than groups of
            images, or a pattern of groups that finds nothing in a name.
    """
    from downstream.datasets import cut_folds, group_images
    from fusion.images import with_infrared_range

    pairs = with_infrared_range([item.pair for item in data.items], settings.infrared_range)
    items = tuple(replace(item, pair=pair) for item, pair in zip(data.items, pairs, strict=True))
    data = replace(data, items=items)
    found: list[Data] = cut_folds(data, settings.folds, settings.groups) if settings.folds else [data]
    table = found[0]
    group_images([item.pair.stem for item in table.of("test")], settings.groups)  # raises now, not in the report
    for fold, divided in enumerate(found):
        folder = fold_folder(out_dir, fold)
        save(folder / "data.json", divided)
        save_pairs(folder, {name: [item.pair for item in divided.of(name)] for name in SPLITS})
    return {**{f"{name}_images": len(table.of(name)) for name in SPLITS}, "leakage": table.leakage}
