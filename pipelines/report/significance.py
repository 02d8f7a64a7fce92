"""Is a fuser better than the one it is compared with, or could other test images, or seeds, have turned it round?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fusion.markdown import Cell
from fusion.scoring import drawn_images
from fusion.seeds import seed_for
from fusion.storage import write_csv
from pipelines.report.table import Line, Table

_EDGES = (2.5, 97.5)  # percent: the 95 % interval
Floats = npt.NDArray[np.float64]
# Gives the score of a network on the test images, every image taken as often as a line (R, I) of weights says: (R,).
Resample = Callable[[npt.NDArray[np.int64]], Floats]


@dataclass(frozen=True)
class Difference:
    """How far a fuser's score lies above the baseline's, and the interval in which it would lie, were others drawn."""

    fuser: str
    difference: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """What can be concluded."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "not distinguishable"


def differences(resamples: Mapping[str, Sequence[Resample]], images: int, baseline: str) -> list[Difference]:
    """Compare every fuser with the baseline by a paired bootstrap over test images and seeds.

    All fusers are scored on the same 2000 draws of the test images. Where a fuser has several seeds, as many of them
    are drawn too, for each fuser by itself, so that a fuser more or less changes nothing for the others.

    Args:
        resamples: by fuser, one for each seed.
        images: the number of test images.
        baseline: a fuser of `resamples`.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13: percentile intervals.
    """
    drawn = drawn_images(images, 0)
    weights = np.stack([np.bincount(line, minlength=images) for line in drawn])
    once = np.ones((1, images), np.int64)
    point = {fuser: float(np.mean([score(once)[0] for score in seeds])) for fuser, seeds in resamples.items()}
    scores = {fuser: _over_seeds(fuser, [score(weights) for score in seeds]) for fuser, seeds in resamples.items()}
    found = []
    for fuser in resamples:
        if fuser != baseline:
            low, high = np.nanpercentile(scores[fuser] - scores[baseline], _EDGES)
            found.append(Difference(fuser, point[fuser] - point[baseline], float(low), float(high)))
    return found


def write_differences(path: Path, found: Sequence[Difference], metric: str, baseline: str) -> None:
    """Write a CSV: metric, fuser, baseline, difference, low, high, verdict."""
    lines = [(metric, one.fuser, baseline, one.difference, one.low, one.high, one.verdict) for one in found]
    write_csv(path, ("metric", "fuser", "baseline", "difference", "low", "high", "verdict"), lines)


def differences_table(found: Sequence[Difference], metric: str, baseline: str, seeds: int) -> Table:
    """Lay the differences out with their verdicts, and say what the intervals do not cover."""
    lines = [
        Line(
            one.fuser,
            [
                Cell(f"{one.difference:+.3f}", False),
                Cell(f"{one.low:+.3f} to {one.high:+.3f}", False),
                Cell(one.verdict, one.verdict == "better"),
            ],
        )
        for one in found
    ]
    what = "test images and seeds" if seeds > 1 else "test images"
    note = f"95 % intervals of a paired bootstrap over {what}, 2000 draws."
    if seeds == 1:
        note += " One seed: how much another start of the training would change is not in them."
    heads = [f"{metric} above {baseline}", "95 % interval", "verdict"]
    return Table("More than chance?", "fuser", heads, lines, note=note)


def _over_seeds(fuser: str, scores: Sequence[Floats]) -> Floats:
    """Average over as many seeds as there are, drawn with replacement for every draw of images: (R,)."""
    by_seed = np.stack(scores)  # (S, R)
    rng = np.random.default_rng(seed_for(0, "bootstrap over seeds", fuser))
    drawn = rng.integers(len(by_seed), size=by_seed.shape)
    mean: Floats = np.take_along_axis(by_seed, drawn, axis=0).mean(axis=0)
    return mean
