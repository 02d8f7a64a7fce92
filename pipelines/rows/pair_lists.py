"""The pairs of a pipeline by split, as one JSON file between its stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from fusion.images import Pair
from fusion.storage import read_json, write_json

PAIRS = "pairs.json"


def fold_folder(prepared: Path, fold: int | None) -> Path:
    """Return where the stage "prepare" describes the data of a fold, 1..K; None stands for that of the table."""
    return prepared / f"fold{fold}" if fold else prepared


def save_pairs(folder: Path, pairs: Mapping[str, Sequence[Pair]]) -> None:
    """Write the pairs of every split into `folder`, with absolute paths."""
    content = {split: [list(pair.to_json().values()) for pair in of_split] for split, of_split in pairs.items()}
    write_json(folder / PAIRS, content)


def load_pairs(folder: Path, *splits: str) -> list[Pair]:
    """Read the pairs of the given splits, sorted by stem.

    Raises:
        InputError: `folder` holds no list of pairs.
    """
    content = read_json(folder / PAIRS)
    names = [one.name for one in fields(Pair)]
    found = [Pair.from_json(dict(zip(names, values, strict=False))) for split in splits for values in content[split]]
    return sorted(found, key=lambda pair: pair.stem)
