"""Is a row better than the baseline, or could other test images or seeds have reversed the difference?

The uncertainty of a difference has two sources. Which images are tested: they are drawn in groups, because frames of
one drive look alike. Which seeds are trained with: their variance is estimated from few values. The interval is that of
Student's t, whose degrees of freedom follow from both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from fusion.seeds import seed_for

RESAMPLES = 2000
LEVEL, POWER = 0.05, 0.8
FEWEST_GROUPS = 6  # five that all agree have p = 2 / 2^5 > .05, unless one assumes how differences are distributed
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


class ScoreName(NamedTuple):
    """A metric, and the class it is taken over; "all" for a mean over all classes."""

    metric: str
    class_name: str


@dataclass(frozen=True)
class Resampled:
    """A trained network that can be scored on any resample of its I test images.

    Attributes:
        names: of the N scores.
        score: given how often each image was drawn, (R, I), returns (R, N); NaN where a score is undefined.
    """

    names: tuple[ScoreName, ...]
    score: Callable[[Counts], Floats]


@dataclass(frozen=True)
class ImageGroups:
    """What the images of a test set have in common.

    Attributes:
        groups: (I,) number of the group that each image is drawn with.
        shows: (I,) whether an image has ground truth of a class, by class; without an entry, every image counts.
    """

    groups: Counts
    shows: Mapping[str, npt.NDArray[np.bool_]]

    def groups_with(self, class_name: str) -> int:
        """Count the groups that have ground truth of a class; for "all", all groups."""
        shown = self.shows.get(class_name)
        return len(np.unique(self.groups if shown is None else self.groups[shown]))


@dataclass(frozen=True)
class Difference:
    """The difference of a fuser's score to the baseline's, and what can be concluded from it.

    Attributes:
        name: of the score.
        fuser: compared with the baseline.
        difference: of the means over seeds; None if the score is undefined.
        low: of the 95 % interval; None if there is none.
        high: likewise.
        p: two-sided, of this comparison alone.
        p_holm: adjusted for the number of fusers that are compared with the baseline.
        detectable: the smallest true difference that would be told from 0 with 80 % probability, after adjustment.
        reason: why something is missing.
    """

    name: ScoreName
    fuser: str
    difference: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    detectable: float | None = None
    reason: str = ""

    @property
    def verdict(self) -> str:
        """What can be concluded after adjustment; "-" if nothing can."""
        if self.p_holm is None or self.difference is None:
            return "-"
        if self.p_holm >= LEVEL:
            return "not distinguishable"
        return "better" if self.difference > 0 else "worse"


def mean_over_classes(values: Floats) -> Floats:
    """Average (R, C) over the classes that are defined; NaN where none is: (R,)."""
    defined = ~np.isnan(values)
    total = np.where(defined, values, 0).sum(axis=1)
    mean: Floats = np.divide(total, defined.sum(axis=1), out=np.full(len(values), np.nan), where=defined.any(axis=1))
    return mean


def differences(
    resampled: Mapping[str, Sequence[Resampled]], images: ImageGroups, baseline: str, resamples: int = RESAMPLES
) -> list[Difference]:
    """Compare every fuser with the baseline, score by score.

    All fusers are scored on the same resamples of the groups of images. With G groups and S seeds, the variance of a
    difference is that over resamples, times G/(G-1), plus for both rows that over seeds divided by S; the t quantile
    has the degrees of freedom of Welch and Satterthwaite. For one class, only groups that show it count as G. The
    verdicts of one score are adjusted by Holm's method over all fusers.

    Args:
        resampled: by fuser, one per seed; all with the same names.
        images: the test images.
        baseline: a key of `resampled`.
        resamples: how often the groups are drawn.

    Returns:
        For every score, one difference per fuser other than the baseline, in order.

    Source: Davison and Hinkley, Bootstrap Methods and their Application (1997), sections 2.4 and 3.8; Satterthwaite
        (1946); Holm (1979).
    Verified against: simulation, in which 95 % intervals cover the true difference in 92 to 98 % of all cases.
    """
    counts = draw_groups(images.groups, resamples)
    once = np.ones((1, len(images.groups)), np.int64)
    seeds = {fuser: np.concatenate([one.score(once) for one in of_fuser]) for fuser, of_fuser in resampled.items()}
    drawn = {fuser: np.mean([one.score(counts) for one in of_fuser], axis=0) for fuser, of_fuser in resampled.items()}
    found = []
    for column, name in enumerate(resampled[baseline][0].names):
        groups = images.groups_with(name.class_name)
        samples = [
            _Sample(
                fuser,
                seeds[fuser][:, column],
                seeds[baseline][:, column],
                drawn[fuser][:, column] - drawn[baseline][:, column],
            )
            for fuser in resampled
            if fuser != baseline
        ]
        found += _adjusted([_compare(name, sample, groups) for sample in samples])
    return found


def draw_groups(groups: Counts, resamples: int) -> Counts:
    """Draw as many groups as there are, with replacement, and return how often each image was drawn, (R, I)."""
    _, which = np.unique(groups, return_inverse=True)
    count = int(which.max()) + 1
    rng = np.random.default_rng(seed_for(0, "bootstrap over groups of images"))
    return rng.multinomial(count, np.full(count, 1 / count), size=resamples)[:, which]


class _Sample(NamedTuple):
    """One score of a fuser and of the baseline by seed, and their differences on resamples."""

    fuser: str
    scores: Floats
    baseline: Floats
    drawn: Floats


class _Spread(NamedTuple):
    """Standard error of a difference, and its degrees of freedom."""

    error: float
    freedom: float

    def quantile(self, tail: float) -> float:
        """Return the value that a difference without cause exceeds with probability `tail`."""
        return float(stats.t.isf(tail, self.freedom)) * self.error


def _compare(name: ScoreName, sample: _Sample, groups: int) -> tuple[Difference, _Spread | None]:
    """Compare one fuser, without adjustment."""
    if not groups or np.isnan([*sample.scores, *sample.baseline]).any():
        return Difference(name, sample.fuser, None, reason="no ground truth"), None
    difference = float(sample.scores.mean() - sample.baseline.mean())
    if groups < FEWEST_GROUPS:
        reason = f"ground truth in {groups} of at least {FEWEST_GROUPS} groups of images"
        return Difference(name, sample.fuser, difference, reason=reason), None
    spread = _spread(sample, groups)
    half = spread.quantile(LEVEL / 2)
    p = 2 * float(stats.t.sf(abs(difference) / spread.error, spread.freedom)) if spread.error else float(not difference)
    return Difference(name, sample.fuser, difference, difference - half, difference + half, p), spread


def _spread(sample: _Sample, groups: int) -> _Spread:
    defined = sample.drawn[~np.isnan(sample.drawn)]
    parts = [(float(defined.var(ddof=1)) * groups / (groups - 1), groups - 1)]
    parts += [(float(of.var(ddof=1)) / len(of), len(of) - 1) for of in (sample.scores, sample.baseline) if len(of) > 1]
    variance = sum(part for part, _ in parts)
    squares = sum(part**2 / freedom for part, freedom in parts)
    return _Spread(math.sqrt(variance), variance**2 / squares if squares else math.inf)


def _adjusted(compared: Sequence[tuple[Difference, _Spread | None]]) -> list[Difference]:
    """Adjust the p-values of one score by Holm's method, and add what could have been detected."""
    known = sorted((one.p, place) for place, (one, _) in enumerate(compared) if one.p is not None)
    p_holm, highest = dict[int, float](), 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - rank)))
        p_holm[place] = highest
    return [
        replace(
            one,
            p_holm=p_holm.get(place),
            detectable=spread and spread.quantile(LEVEL / 2 / len(known)) + spread.quantile(1 - POWER),
        )
        for place, (one, spread) in enumerate(compared)
    ]
