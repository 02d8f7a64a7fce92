"""The part of a report that says which fusers differ from the baseline by more than chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fusion.errors import unknown_name
from pipelines.config import Settings
from pipelines.report.significance import Resample, differences, differences_table, write_differences
from pipelines.report.table import Table
from pipelines.rows import RunOf, fuser_names
from pipelines.stages import Inputs


def require_baseline(settings: Settings) -> None:
    """Check that the baseline is a row of the table.

    Raises:
        InputError: it is not, with the nearest one and the list.
    """
    if settings["baseline"] not in fuser_names(settings):
        raise unknown_name("baseline", settings["baseline"], fuser_names(settings))


def resamples_of(runs: Sequence[RunOf], inputs: Inputs, load: Callable[[Path], Resample]) -> dict[str, list[Resample]]:
    """Load by fuser what every finished run's scoring left behind; a fuser of which a run failed is left out."""
    stages = {run_of: f"score_task/{run_of}" for run_of in runs}
    failed = {run_of.fuser for run_of, stage in stages.items() if stage not in inputs.folders}
    found: dict[str, list[Resample]] = {}
    for run_of, stage in stages.items():
        if run_of.fuser not in failed:
            found.setdefault(run_of.fuser, []).append(load(inputs[stage]))
    return found


def write_comparison(
    out_dir: Path, settings: Settings, resamples: Mapping[str, Sequence[Resample]], images: int, metric: str
) -> list[Table]:
    """Write differences.csv and give its table; none where the baseline failed or stands alone."""
    baseline = settings["baseline"]
    if baseline not in resamples or len(resamples) < 2:
        return []
    found = differences(resamples, images, baseline)
    write_differences(out_dir / "differences.csv", found, metric, baseline)
    return [differences_table(found, metric, baseline, len(settings["seeds"]))]
