"""Means over images with bootstrap confidence intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fusion.scoring.folder import ImageScores
from fusion.seeds import seed_for

RESAMPLES = 2000
UNDEFINED = "undefined"
_QUANTILES = (0.025, 0.975)  # of the 95 % interval


@dataclass(frozen=True)
class Mean:
    """A mean over `n` images with its 95 % confidence interval from `low` to `high`; None if n is 0.

    `left_out` has the number of images without a value by reason, such as "a side below 176 pixels".
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int
    left_out: Mapping[str, int] = field(default_factory=dict)


Means = dict[str, dict[str, Mean]]  # metric -> method


def mean_scores(rows: Sequence[ImageScores], seed: int = 0) -> Means:
    """Compute the mean of every metric and method, both in the order of their first row.

    Args:
        rows: of any number of methods.
        seed: of the bootstrap.

    Example:
        >>> rows = [ImageScores("average", str(image), {"EN": float(image)}) for image in range(4)]
        >>> mean_scores(rows)["EN"]["average"].mean
        1.5
    """
    methods: dict[str, list[ImageScores]] = {}
    for row in rows:
        methods.setdefault(row.method, []).append(row)
    return {
        metric: {method: _mean_of(metric, of_method, seed) for method, of_method in methods.items()}
        for metric in dict.fromkeys(metric for row in rows for metric in row.values)
    }


def _mean_of(metric: str, rows: Sequence[ImageScores], seed: int) -> Mean:
    values = [row.values.get(metric, math.nan) for row in rows]
    missing = [row for row, value in zip(rows, values, strict=True) if math.isnan(value)]
    reasons = Counter(row.left_out.get(metric, UNDEFINED) for row in missing)
    return replace(mean_with_interval(values, seed), left_out=dict(reasons))


def mean_with_interval(values: Sequence[float], seed: int) -> Mean:
    """Compute the mean over images and its 95 % percentile bootstrap interval from 2000 resamples.

    NaN values are ignored; `n` is the number of remaining values. For the same seed and n, the same images are
    resampled, so that methods are compared on equal resamples.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.

    Example:
        >>> mean_with_interval([1.0, 2.0, math.nan], seed=0)
        Mean(mean=1.5, low=1.0, high=2.0, n=2, left_out={})
    """
    defined = np.array([value for value in values if not math.isnan(value)], np.float64)
    if not defined.size:
        return Mean(None, None, None, 0)
    draws = defined[_drawn_images(defined.size, seed)].mean(axis=1)
    low, high = np.quantile(draws, _QUANTILES, method="inverted_cdf")  # no interpolation, in which infinity becomes NaN
    return Mean(float(defined.mean()), float(low), float(high), defined.size)


@lru_cache(maxsize=4)
def _drawn_images(count: int, seed: int) -> NDArray[np.int32]:
    """Draw the indices of 2000 bootstrap resamples of `count` images, (2000, count); equal for equal seed and count."""
    rng = np.random.default_rng(seed_for(seed, "bootstrap over images"))
    return rng.integers(count, size=(RESAMPLES, count), dtype=np.int32)
