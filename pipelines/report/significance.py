"""Is a row better than the baseline, or could other test images or seeds have reversed the difference?"""

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
from pipelines.report.elements import Table, TableRow
from pipelines.rows import Experiment, RunId
from pipelines.stages import Inputs

_EDGES = (2.5, 97.5)  # percentiles of the 95 % interval
Floats = npt.NDArray[np.float64]
# Scores a network on bootstrap resamples of the test images, given how often each image was drawn, (R, I), as (R,).
Resample = Callable[[npt.NDArray[np.int64]], Floats]


@dataclass(frozen=True)
class Difference:
    """The difference of a fuser's score to the baseline's, with its 95 % bootstrap interval."""

    fuser: str
    difference: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """What can be concluded from the interval."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "not distinguishable"


def load_resamples(
    runs: Sequence[RunId], inputs: Inputs, load: Callable[[Path], Resample]
) -> dict[str, list[Resample]]:
    """Load what the scoring of every run left behind, by fuser; a fuser with a failed run is left out."""
    failed = {run_id.fuser for run_id in runs if run_id.scoring_stage not in inputs.folders}
    found: dict[str, list[Resample]] = {}
    for run_id in runs:
        if run_id.fuser not in failed:
            found.setdefault(run_id.fuser, []).append(load(inputs[run_id.scoring_stage]))
    return found


def write_comparison(
    out_dir: Path, experiment: Experiment, resamples: Mapping[str, Sequence[Resample]], images: int, metric: str
) -> list[Table]:
    """Write differences.csv and return its table; none if the baseline failed or has nothing to be compared with."""
    baseline = experiment.settings.baseline
    if baseline is None or baseline not in resamples or len(resamples) < 2:
        return []
    found = differences(resamples, images, baseline)
    write_differences(out_dir / "differences.csv", found, metric, baseline)
    return [differences_table(found, metric, baseline, len(experiment.settings.seeds))]


def differences(resamples: Mapping[str, Sequence[Resample]], images: int, baseline: str) -> list[Difference]:
    """Compare every fuser with the baseline by a paired bootstrap over test images and seeds.

    All fusers are scored on the same 2000 resamples of the test images. With several seeds, as many are drawn with
    replacement, independently for each fuser, so that adding a row changes nothing for the others.

    Args:
        resamples: by fuser, one per seed.
        images: number of test images.
        baseline: a key of `resamples`.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13: percentile intervals.
    """
    drawn = drawn_images(images, 0)
    counts = np.stack([np.bincount(draw, minlength=images) for draw in drawn])  # (R, I)
    once = np.ones((1, images), np.int64)
    point = {fuser: float(np.mean([score(once)[0] for score in seeds])) for fuser, seeds in resamples.items()}
    scores = {fuser: _over_seeds(fuser, [score(counts) for score in seeds]) for fuser, seeds in resamples.items()}
    found = []
    for fuser in resamples:
        if fuser != baseline:
            low, high = np.nanpercentile(scores[fuser] - scores[baseline], _EDGES)
            found.append(Difference(fuser, point[fuser] - point[baseline], float(low), float(high)))
    return found


def write_differences(path: Path, found: Sequence[Difference], metric: str, baseline: str) -> None:
    """Write a CSV with the columns metric, fuser, baseline, difference, low, high, verdict."""
    rows = [(metric, one.fuser, baseline, one.difference, one.low, one.high, one.verdict) for one in found]
    write_csv(path, ("metric", "fuser", "baseline", "difference", "low", "high", "verdict"), rows)


def differences_table(found: Sequence[Difference], metric: str, baseline: str, seeds: int) -> Table:
    """Build the table of differences and verdicts, with a note on what the intervals do not cover."""
    rows = [
        TableRow(
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
    note = f"95 % intervals of a paired bootstrap over {what}, 2000 resamples."
    if seeds == 1:
        note += " One seed: the intervals do not cover how much another training run would change."
    heads = [f"{metric} above {baseline}", "95 % interval", "verdict"]
    return Table("More than chance?", "fuser", heads, rows, note=note)


def _over_seeds(fuser: str, scores: Sequence[Floats]) -> Floats:
    """Average over as many seeds as there are, drawn with replacement for every resample of images: (R,)."""
    by_seed = np.stack(scores)  # (S, R)
    rng = np.random.default_rng(seed_for(0, "bootstrap over seeds", fuser))
    drawn = rng.integers(len(by_seed), size=by_seed.shape)
    mean: Floats = np.take_along_axis(by_seed, drawn, axis=0).mean(axis=0)
    return mean
