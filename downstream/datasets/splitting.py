"""Assign images to train, val and test, and measure how much a split leaks between neighbouring frames.

The published splits of M3FD are in `splits/m3fd` as lists of ids. `scene_blocks` was published as train and val; its
val list is the test list here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from fusion.errors import InputError, first_few, unknown_name
from fusion.images import scene_name

log = logging.getLogger(__name__)

SPLITS = ("train", "val", "test")
ALL = "all"  # the split that scores every pair and trains on none
_VALIDATION_RUNS = 5
PUBLISHED = {folder.name: folder for folder in sorted((Path(__file__).parent / "splits").glob("*/*"))}


def assign_splits(stems: Collection[str], split: str, seed: int) -> dict[str, str]:
    """Assign each stem to train, val or test.

    Args:
        stems: the available images.
        split: the name of a published split; `random`, 8:1:1; or a folder with train.txt, test.txt and maybe val.txt,
            one stem per line.
        seed: of `random` only; equal seeds and stems give equal splits, in any order of the stems.

    Returns:
        The split by stem; stems that are in no list are missing.

    Raises:
        InputError: `split` is none of these, a list names an id without image or an id of another list, or there are
            fewer than 3 images for a random split.

    Example:
        >>> sorted(assign_splits(["00001", "00002", "00003"], "random", seed=0).values())
        ['test', 'train', 'val']
    """
    if split == "random":
        return _random(stems, seed)
    folder = PUBLISHED.get(split, Path(split))
    if not folder.is_dir():
        error = unknown_name("split", split, [*PUBLISHED, "folders", "random", "train_val"])
        raise InputError(f"{error}, or a folder with train.txt, test.txt and maybe val.txt")
    return _listed(set(stems), folder)


def cut_validation(stems: Collection[str]) -> set[str]:
    """Choose about a tenth of the training images for validation.

    The choice is deterministic: up to five runs of consecutive names, spread evenly. Frames of one drive look alike,
    so a single image between two training images would validate nothing, and one long run might be all night.

    Args:
        stems: the training images, at least two.

    Returns:
        The images to hold out, at least one.

    Raises:
        InputError: fewer than two images.

    Example:
        >>> sorted(cut_validation([f"{number:05d}" for number in range(40)]))
        ['00005', '00015', '00025', '00035']
    """
    if len(stems) < 2:
        raise InputError(f"found {len(stems)} training images, expected at least 2, one of them for validation")
    ordered, wanted = sorted(stems), max(1, round(len(stems) / 10))
    runs = min(_VALIDATION_RUNS, wanted)
    chosen: set[str] = set()
    for run in range(runs):
        length = (run + 1) * wanted // runs - run * wanted // runs
        start = (2 * run + 1) * len(ordered) // (2 * runs) - length // 2
        chosen |= set(ordered[start : start + length])
    return chosen


def neighbour_leakage(stems_by_split: Mapping[str, Collection[str]]) -> float | None:
    """Compute the fraction of test images whose frame number is next to that of a train or val image.

    The images are frames of videos, so neighbours often show the same scene. Val images count, because they choose the
    weights that are tested.

    Args:
        stems_by_split: stems of train, val and test; each a number, optionally followed by one letter (MSRS: 00004N).

    Returns:
        A fraction in [0, 1]; None if a stem has another form, or there is no test image.

    Example:
        >>> neighbour_leakage({"train": ["00001"], "test": ["00002", "00009"]})
        0.5
    """
    seen = [_number(stem) for split in ("train", "val") for stem in stems_by_split.get(split, ())]
    test = [_number(stem) for stem in stems_by_split.get("test", ())]
    if not test or None in seen + test:
        return None
    near = {number + step for number in seen if number is not None for step in (-1, 1)}
    return sum(number in near for number in test) / len(test)


def fold_leakage(folds: Sequence[Collection[str]]) -> float | None:
    """Compute `neighbour_leakage` over all folds, each of which is tested by networks that are trained on the others.

    Args:
        folds: stems of every fold.

    Example:
        >>> fold_leakage([["00001", "00002"], ["00003", "00009"]])
        0.5
    """
    total, near = sum(map(len, folds)), 0.0
    for fold in folds:
        found = neighbour_leakage(
            {"train": [stem for other in folds if other is not fold for stem in other], "test": fold}
        )
        if found is None:
            return None
        near += found * len(fold)
    return near / total


def _random(stems: Collection[str], seed: int) -> dict[str, str]:
    import numpy as np

    if len(stems) < 3:
        raise InputError(f"split 'random': found {len(stems)} images, expected at least 3, for train, val and test")
    shuffled = [str(stem) for stem in np.random.default_rng(seed).permutation(sorted(stems))]
    held_out = max(1, round(len(shuffled) / 10))
    names = ["test"] * held_out + ["val"] * held_out + ["train"] * (len(shuffled) - 2 * held_out)
    return dict(zip(shuffled, names, strict=True))


def _listed(stems: set[str], folder: Path) -> dict[str, str]:
    assigned: dict[str, str] = {}
    for split in SPLITS:
        path = folder / f"{split}.txt"
        if split == "val" and not path.exists():
            continue
        ids = _read_list(path)
        if missing := sorted(set(ids) - stems):
            raise InputError(
                f"{path}: {len(missing)} of {len(ids)} ids have no image ({first_few(missing)}). "
                "Try: data.split=random for a part of a data set"
            )
        if twice := sorted(set(ids) & assigned.keys()):
            raise InputError(f"{path}: {len(twice)} ids are also in {assigned[twice[0]]}.txt ({first_few(twice)})")
        assigned |= dict.fromkeys(ids, split)
    if left_out := sorted(stems - assigned.keys()):
        log.info("%s: %d images are in no list and left out: %s", folder, len(left_out), first_few(left_out))
    return assigned


def _read_list(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as text ({error}; expected one stem per line)") from error
    return [scene_name(line.strip()) for line in lines if line.strip()]


def _number(stem: str) -> int | None:
    found = re.fullmatch(r"([0-9]+)[A-Za-z]?", stem)
    return int(found[1]) if found else None
