"""Means over images, with the interval that other images could have given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fusion.scoring.score import ImageScores
from fusion.seeds import seed_for

RESAMPLES = 2000
_EDGES = (0.025, 0.975)  # of the 95 % interval


@dataclass(frozen=True)
class Mean:
    """A mean over `n` images with the interval it would move in, were other images drawn; None where n is 0."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


Means = dict[str, dict[str, Mean]]  # metric -> method


def mean_scores(rows: Sequence[ImageScores], seed: int = 0) -> Means:
    """Give the mean of every metric and method, both in the order in which `rows` bring them."""
    methods: dict[str, list[ImageScores]] = {}
    for row in rows:
        methods.setdefault(row.method, []).append(row)
    return {
        metric: {
            method: mean_with_interval([row.values.get(metric, math.nan) for row in of_method], seed)
            for method, of_method in methods.items()
        }
        for metric in dict.fromkeys(metric for row in rows for metric in row.values)
    }


def mean_with_interval(values: Sequence[float], seed: int) -> Mean:
    """Tell the mean over images and its 95 % percentile bootstrap interval of 2000 resamples.

    NaN is left out, and `n` says how many values remain. The same seed draws the same images of n, whatever the values,
    so that methods are compared on equal draws.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    defined = np.array([value for value in values if not math.isnan(value)], np.float64)
    if not defined.size:
        return Mean(None, None, None, 0)
    draws = defined[drawn_images(defined.size, seed)].mean(axis=1)
    low, high = np.quantile(draws, _EDGES, method="inverted_cdf")  # takes values that occur: an infinite one is no NaN
    return Mean(float(defined.mean()), float(low), float(high), defined.size)


@lru_cache(maxsize=4)
def drawn_images(count: int, seed: int) -> NDArray[np.int32]:
    """Draw images with replacement: (2000, count) indices, the same for the same seed and count."""
    rng = np.random.default_rng(seed_for(seed, "bootstrap over images"))
    return rng.integers(count, size=(RESAMPLES, count), dtype=np.int32)
