"""Which pairs of a data set train, validate and test, and in which folder each of them stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from downstream.datasets.folders import find_pairs, require_undivided, split_folders
from downstream.datasets.splitting import assign_splits
from fusion.errors import InputError
from fusion.images import Pair

FOLDERS = "folders"  # the split that train and test folders are


class PairFolder(NamedTuple):
    """A folder, all of its pairs, and by stem what those in use are for: train, val or test."""

    folder: Path
    pairs: list[Pair]
    split_of: Mapping[str, str]

    @property
    def used(self) -> list[Pair]:
        """The pairs that the split names."""
        return [pair for pair in self.pairs if pair.stem in self.split_of]


def divide_pairs(root: Path, split: str, seed: int, infrared: str = "", visible: str = "") -> list[PairFolder]:
    """Find the pairs below `root` and divide them.

    Args:
        root: holds one infrared and one visible folder, or train, test and maybe val folders of that form.
        split: `folders` for train and test folders, else what `assign_splits` takes.
        seed: of split `random`.
        infrared: name of the infrared folder, where it is none of the usual ones.
        visible: likewise.

    Raises:
        InputError: folders, stems or the split are not as described, or a stem stands in two folders.
    """
    if split != FOLDERS:
        require_undivided(root, split)
        pairs = find_pairs(root, infrared, visible)
        return [PairFolder(root, pairs, assign_splits([pair.stem for pair in pairs], split, seed))]
    found: list[PairFolder] = []
    first: dict[str, Pair] = {}
    for name, folder in split_folders(root).items():
        pairs = find_pairs(folder, infrared, visible)
        for pair in pairs:
            if pair.stem in first:
                raise InputError(f"{pair.visible}: {first[pair.stem].visible} has the same stem; expected each once")
            first[pair.stem] = pair
        found.append(PairFolder(folder, pairs, dict.fromkeys((pair.stem for pair in pairs), name)))
    return found


def require_pairs(root: Path, split: str, by_split: Mapping[str, Collection[object]], *names: str) -> None:
    """Check that a split leaves something for each of `names`.

    Raises:
        InputError: it does not.
    """
    for name in names:
        if not by_split.get(name):
            raise InputError(f"{root}: split {split!r} leaves no pair for {name}; expected at least one")
