"""Score predicted masks against true ones, and keep what was confused in every image."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from downstream.datasets import MaskedPair, read_mask
from downstream.scores import Score
from downstream.segmentation import Confusion, confusion_matrix, score_confusion
from fusion.storage import read_json, write_json

_CONFUSIONS = "confusions.json"


def score_masks(out_dir: Path, test: Sequence[MaskedPair], masks_dir: Path, classes: Sequence[str]) -> list[Score]:
    """Compare `masks_dir`/<stem>.png with the truth of every item; writes confusions.json, by stem, into `out_dir`.

    Raises:
        InputError: a mask is missing or holds no class numbers.
    """
    by_stem = {
        item.pair.stem: confusion_matrix(
            read_mask(item.mask, classes), read_mask(masks_dir / f"{item.pair.stem}.png", classes), len(classes)
        )
        for item in test
    }
    write_json(out_dir / _CONFUSIONS, {stem: confusion.tolist() for stem, confusion in by_stem.items()})
    return score_confusion(np.sum(list(by_stem.values()), axis=0), classes, len(test))


def load_confusions(folder: Path, stems: Collection[str] | None = None) -> Confusion:
    """Read what `score_masks` wrote: true classes in rows, predicted ones in columns.

    Args:
        folder: that it was written to.
        stems: which images; all where None.

    Returns:
        (I, C, C), images by stem.
    """
    by_stem = read_json(folder / _CONFUSIONS)
    return np.array([by_stem[stem] for stem in sorted(by_stem) if stems is None or stem in stems], np.int64)
