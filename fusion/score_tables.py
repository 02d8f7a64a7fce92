"""What the scores of many images come to: one row per image, means with intervals, and a table to read."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.files import write_json, write_text
from fusion.metrics import CONVENTIONS
from fusion.score import ImageScores
from fusion.seeds import seed_for

RESAMPLES = 2000
_EDGES = (0.025, 0.975)  # of the 95 % interval
_MEAN_COLUMNS = ("method", "metric", "mean", "low", "high", "n")


@dataclass(frozen=True)
class Mean:
    """A mean over `n` images with the interval it would move in, were other images drawn; None where n is 0."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


def mean_with_interval(values: Sequence[float], seed: int) -> Mean:
    """Tell the mean over images and its 95 % percentile bootstrap interval of 2000 resamples.

    NaN is left out, and `n` says how many values remain. The same seed draws the same images of n, whatever the values,
    so that methods are compared on equal draws.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    defined = np.array([value for value in values if not math.isnan(value)], np.float64)
    if not defined.size:
        return Mean(None, None, None, 0)
    rng = np.random.default_rng(seed_for(seed, "bootstrap over images"))
    draws = [defined[rng.integers(defined.size, size=defined.size)].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(draws, _EDGES, method="inverted_cdf")  # takes values that occur: an infinite one is no NaN
    return Mean(float(defined.mean()), float(low), float(high), defined.size)


def write_scores(out_dir: Path, rows: Sequence[ImageScores], convention: str, seed: int = 0) -> str:
    """Write scores.csv, means.csv, means.json and means.md, and give the text of the last one.

    scores.csv holds `method,image` and one column per metric; what is not defined is an empty field, in means.json
    null. An infinite value (the PSNR of equal images) is `inf`, in means.json the text "inf".

    Args:
        out_dir: is made if needed.
        rows: from `score_folder`, of any number of methods; all of one convention.
        convention: the one they were measured with.
        seed: of the bootstrap.

    Raises:
        InputError: the folder cannot be written.
    """
    metrics = list(dict.fromkeys(metric for row in rows for metric in row.values))
    methods: dict[str, list[ImageScores]] = {}
    for row in rows:
        methods.setdefault(row.method, []).append(row)
    means = {
        metric: {
            method: mean_with_interval([row.values.get(metric, math.nan) for row in of_method], seed)
            for method, of_method in methods.items()
        }
        for metric in metrics
    }
    scores = [[row.method, row.image, *(_field(row.values.get(metric)) for metric in metrics)] for row in rows]
    _write_csv(out_dir / "scores.csv", ("method", "image", *metrics), scores)
    tidy = [{"method": m, "metric": metric, **asdict(means[metric][m])} for m in methods for metric in metrics]
    _write_csv(out_dir / "means.csv", _MEAN_COLUMNS, [[_field(line[name]) for name in _MEAN_COLUMNS] for line in tidy])
    finite = [{name: _json_value(value) for name, value in line.items()} for line in tidy]
    facts = {"convention": convention, "interval": "95 % percentile bootstrap over images", "resamples": RESAMPLES}
    write_json(out_dir / "means.json", {**facts, "seed": seed, "means": finite})
    text = _markdown({method: len(of_method) for method, of_method in methods.items()}, means, convention)
    write_text(out_dir / "means.md", text)
    return text


def _markdown(images: dict[str, int], means: dict[str, dict[str, Mean]], convention: str) -> str:
    counts = " or ".join(map(str, sorted(set(images.values()))))
    columns = [_cells(convention, metric, of_metric) for metric, of_metric in means.items()]
    lines = [["method", *(f"{metric} {_arrow(convention, metric)}" for metric in means)], ["---"] * (1 + len(means))]
    lines += [[method.replace("|", "\\|"), *(cells[method] for cells in columns)] for method in images]
    return (
        f"## Fusion metrics, convention {convention}, mean over {counts} images\n\n"
        + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
        + "\nBest in bold; ↑ higher is better, ↓ lower is better.\n"
    )


def _cells(convention: str, metric: str, means: dict[str, Mean]) -> dict[str, str]:
    """Print the means of one metric; equal is what prints equal, and n is told where a method misses some images."""
    printed = {method: f"{mean.mean:.4f}" for method, mean in means.items() if mean.mean is not None}
    choose = max if CONVENTIONS[convention][metric].higher_is_better else min
    best = choose(map(float, printed.values()), default=math.nan)
    most = max(mean.n for mean in means.values())
    cells = {}
    for method, mean in means.items():
        text = printed.get(method, "-")
        bold = f"**{text}**" if method in printed and float(text) == best else text
        cells[method] = bold + (f" (n={mean.n})" if 0 < mean.n < most else "")
    return cells


def _arrow(convention: str, metric: str) -> str:
    return "↑" if CONVENTIONS[convention][metric].higher_is_better else "↓"


def _field(value: Any) -> str:
    """Write numbers so that they read back the same; what is not defined is empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(value) if isinstance(value, float) else str(value)


def _json_value(value: Any) -> Any:
    return _field(value) if isinstance(value, float) and not math.isfinite(value) else value


def _write_csv(path: Path, header: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([header, *lines])
    write_text(path, text.getvalue())
