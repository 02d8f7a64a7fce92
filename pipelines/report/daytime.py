"""Scores by day and by night, where the names of the images tell which is which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from pipelines.report.tables import Row
from pipelines.rows import RunOf, SubsetScorer, as_rows

_PARTS = {"day": "D", "night": "N"}  # the last letter of MSRS's names


def daytimes(stems: Iterable[str]) -> dict[str, list[str]]:
    """Divide stems into those of day and of night; nothing unless every one tells, and both occur."""
    known = list(stems)
    parts = {name: [stem for stem in known if stem.endswith(letter)] for name, letter in _PARTS.items()}
    told = sum(map(len, parts.values())) == len(known)
    return parts if told and all(parts.values()) else {}


def daytime_rows(
    parts: Mapping[str, Sequence[str]],
    scorers: Mapping[RunOf, SubsetScorer],
    dataset: str,
    split: str,
) -> list[Row]:
    """Score every run by parts of the test images; "day" and "night" stand behind the split.

    Args:
        parts: from `daytimes`.
        scorers: by run, what gives its scores on some of the test images.
        dataset: name of the data, for the table.
        split: likewise.
    """
    return [
        row
        for part, stems in parts.items()
        for run_of, score in scorers.items()
        for row in as_rows(run_of, [asdict(one) for one in score(stems)], dataset, f"{split}, {part}")
    ]
