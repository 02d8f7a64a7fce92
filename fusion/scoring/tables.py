"""Scores as files and tables: CSV rows per image, means with intervals as CSV and JSON, and a Markdown table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fusion.markdown import Cell, markdown_table
from fusion.metrics import CONVENTIONS
from fusion.scoring.folder import ImageScores
from fusion.scoring.means import RESAMPLES, Mean, Means, mean_scores
from fusion.storage import write_csv, write_json

_MEAN_COLUMNS = ("method", "metric", "mean", "low", "high", "n")


def write_scores(out_dir: Path, rows: Sequence[ImageScores], convention: str, seed: int = 0) -> Means:
    """Write scores.csv, means.csv and means.json, and return the means.

    scores.csv has the columns `method,image` and one per metric. An undefined value is an empty field, null in
    means.json; an infinite one (the PSNR of equal images) is `inf`, the string "inf" in means.json.

    Args:
        out_dir: created if needed.
        rows: from `score_folder`, of any number of methods, all of one convention.
        convention: that of the rows.
        seed: of the bootstrap.

    Raises:
        InputError: the folder cannot be written.
    """
    means = mean_scores(rows, seed)
    write_image_rows(out_dir / "scores.csv", rows)
    methods = dict.fromkeys(row.method for row in rows)
    tidy = [{"method": m, "metric": metric, **asdict(means[metric][m])} for m in methods for metric in means]
    tidy = [{name: row[name] for name in _MEAN_COLUMNS} for row in tidy]
    write_csv(out_dir / "means.csv", _MEAN_COLUMNS, [[_field(value) for value in row.values()] for row in tidy])
    finite = [{name: _json_value(value) for name, value in row.items()} for row in tidy]
    facts = {"convention": convention, "interval": "95 % percentile bootstrap over images", "resamples": RESAMPLES}
    write_json(out_dir / "means.json", {**facts, "seed": seed, "means": finite, "left_out": left_out_note(means)})
    return means


def write_image_rows(path: Path, rows: Sequence[ImageScores]) -> None:
    """Write one CSV row per image and method: `method,image`, then a column for every metric of any row.

    Raises:
        InputError: the file cannot be written.
    """
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    fields = [[row.method, row.image, *(_field(row.values.get(name)) for name in names)] for row in rows]
    write_csv(path, ("method", "image", *names), fields)


def means_table(means: Means, convention: str, failed: Mapping[str, str] = MappingProxyType({}), mark: str = "") -> str:
    """Format the means as a Markdown table, one row per method; the best value of a column is bold, ties included.

    Args:
        means: from `write_scores`.
        convention: that of the means.
        failed: methods without scores, each with the reason, which is shown in its row.
        mark: prefix of the heading.
    """
    methods = list(dict.fromkeys(method for of_metric in means.values() for method in of_metric))
    counts = sorted({max(of_metric[method].n for of_metric in means.values()) for method in methods})
    columns = [metric_cells(of_metric, convention, metric) for metric, of_metric in means.items()]
    header = ("method", *(f"{metric} {arrow(convention, metric)}" for metric in means))
    rows = [[method, *(cells[method].bold for cells in columns)] for method in methods]
    rows += [[method, f"failed: {reason}", *[""] * (len(means) - 1)] for method, reason in failed.items()]
    return (
        f"## {mark}Fusion metrics, convention {convention}, mean over {' or '.join(map(str, counts))} images\n\n"
        f"{markdown_table(header, rows)}\nBest in bold; ↑ higher is better, ↓ lower is better.\n"
        + (f"{note}\n" if (note := left_out_note(means)) else "")
    )


def left_out_note(means: Means) -> str:
    """Say for every metric how many images its means leave out, and why; "" if they leave out none."""
    parts = []
    for metric, of_metric in means.items():
        methods: dict[tuple[str, int, int], list[str]] = {}
        for method, mean in of_metric.items():
            total = mean.n + sum(mean.left_out.values())
            for reason, count in mean.left_out.items():
                methods.setdefault((reason, count, total), []).append(method)
        for (reason, count, total), named in methods.items():
            whose = "" if len(named) == len(of_metric) else f" of {', '.join(named)}"
            parts.append(f"{metric}, {count} of {total} images{whose} ({reason})")
    return f"Left out of the means: {'; '.join(parts)}." if parts else ""


def metric_cells(of_metric: Mapping[str, Mean], convention: str, metric: str) -> dict[str, Cell]:
    """Format the means of one metric to about four digits, by method.

    Means that are equal as printed count as equal. The number of images is shown if a method has fewer than another.
    """
    values = {method: mean.mean for method, mean in of_metric.items() if mean.mean is not None}
    largest = max((abs(value) for value in values.values() if math.isfinite(value)), default=1.0)
    decimals = min(max(3 - math.floor(math.log10(largest or 1.0)), 0), 4)
    printed = {method: f"{value:.{decimals}f}" for method, value in values.items()}
    choose = max if CONVENTIONS[convention][metric].higher_is_better else min
    best = choose(map(float, printed.values()), default=math.nan)
    most = max(mean.n for mean in of_metric.values())
    return {
        method: Cell(
            printed.get(method, "-") + (f" (n={mean.n})" if 0 < mean.n < most else ""),
            method in printed and float(printed[method]) == best,
        )
        for method, mean in of_metric.items()
    }


def arrow(convention: str, metric: str) -> str:
    """Return ↑ if higher values of the metric are better, otherwise ↓.

    Example:
        >>> arrow("eif", "MSE")
        '↓'
    """
    return "↑" if CONVENTIONS[convention][metric].higher_is_better else "↓"


def _field(value: Any) -> str:
    """Format a value for CSV: floats with all digits, an undefined value as an empty field."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(value) if isinstance(value, float) else str(value)


def _json_value(value: Any) -> Any:
    return _field(value) if isinstance(value, float) and not math.isfinite(value) else value
