"""The stages of a fusion quality pipeline, from pairs of images to a table of fusion metrics."""

from __future__ import annotations

from pathlib import Path

from downstream.datasets import ALL, SPLITS, divide_pairs, find_pairs, require_pairs, require_undivided
from fusion.errors import InputError
from fusion.images import Pair
from pipelines.config import Settings
from pipelines.report import quality_report_stage
from pipelines.rows import fuser_names, fuser_source, save_pairs
from pipelines.stages import Stage, Summary
from pipelines.tasks.effects import analysed_fusers, effects_stage
from pipelines.tasks.fusing import fusion_stages
from pipelines.tasks.sampling import prepare_stage, sample_stage
from pipelines.tasks.scoring import scoring_stage
from pipelines.tasks.task import Task


def quality_task(settings: Settings, root: Path | None, command: str) -> Task:
    """Give all stages in order; with `root` None the data is the built-in sample.

    Raises:
        InputError: settings that no stage could run with.
    """
    fusers = fuser_names(settings)
    trained = [name for name in fusers if fuser_source(settings, name).training]
    if root is not None and settings["data"]["split"] == ALL and trained:
        raise InputError(
            f"fuser {trained[0]!r} has to be trained, but data.split={ALL!r} leaves no pair for that; expected "
            f"another split, or other fusers or weights"
        )
    stages = [sample_stage(settings)] if root is None else []
    stages += [_prepare_stage(settings, root), *fusion_stages(settings, ("test",))]
    stages += [scoring_stage(settings, fuser) for fuser in fusers]
    stages += [effects_stage(settings, fuser, is_sample=root is None) for fuser in analysed_fusers(settings)]
    stages.append(quality_report_stage(settings, is_sample=root is None, command=command))
    return Task(stages, [])


def _prepare_stage(settings: Settings, root: Path | None) -> Stage:
    data = settings["data"]
    names = ("", "") if root is None else (data["infrared"], data["visible"])

    def find(out_dir: Path, folder: Path, split: str) -> Summary:
        pairs = split_pairs(folder, split, data["seed"], *names)
        save_pairs(out_dir, pairs)
        return {f"{name}_images": len(of_split) for name, of_split in pairs.items()}

    return prepare_stage(settings, root, find)


def split_pairs(root: Path, split: str, seed: int, infrared: str = "", visible: str = "") -> dict[str, list[Pair]]:
    """List the pairs below `root` for train, val and test.

    Args:
        root: holds one infrared and one visible folder, or train, test and maybe val folders of that form.
        split: `all` puts every pair into test; else as `read_detection_data` takes it.
        seed: of split `random`.
        infrared: name of the infrared folder, where it is none of the usual ones.
        visible: likewise.

    Raises:
        InputError: folders, names or the split are not as described, or no pair is left for test.
    """
    if split == ALL:
        require_undivided(root, split)
        return {"train": [], "val": [], "test": find_pairs(root, infrared, visible)}
    found = divide_pairs(root, split, seed, infrared, visible)
    by_split = {
        name: [pair for folder in found for pair in folder.used if folder.split_of[pair.stem] == name]
        for name in SPLITS
    }
    require_pairs(root, split, by_split, "test")
    return by_split
