"""Benchmark of the stages of a pipeline, and of a second run that skips all of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fusion.storage import read_json
from pipelines.benchmarks.results import BenchmarkResult, environment_facts
from pipelines.run import run_pipeline
from pipelines.stages import RECORD

_AGAIN = "all again, skipped"
_NOTES = (
    "items: images or pairs of a stage; a training processes them once per epoch",
    "memory_mb: peak of the process of the stage; recorded with --jobs 2 or more, where stages share the cores",
)


def benchmark_pipeline(
    name: str, overrides: Sequence[str], data: Path | None, work_dir: Path | None, jobs: int, command: str
) -> BenchmarkResult:
    """Run a pipeline twice, and return what its stages recorded and the time of the second run.

    Args:
        name: of a config.
        overrides: as `key.sub=value`.
        data: as `run_pipeline` takes it.
        work_dir: work folder; stages that are finished there are not run again, and their old records are returned.
            None uses a temporary folder.
        jobs: number of stages that run side by side.
        command: as it was typed.

    Raises:
        InputError: see `run_pipeline`.
    """
    with TemporaryDirectory() as temporary:
        folder = work_dir or Path(temporary)
        for _ in range(2):
            start = time.monotonic()
            run_pipeline(name, overrides, data, folder, jobs=jobs, command=command)
            seconds = time.monotonic() - start
        rows = _stage_rows(next(path for path in (folder / name, folder / f"{name}-sample") if path.is_dir()))
    rows.append({**dict.fromkeys(rows[0]), "stage": _AGAIN, "seconds": round(seconds, 1)})

    import torch

    facts = [*environment_facts(command, torch.get_num_threads()), ("jobs", str(jobs))]
    return BenchmarkResult(facts, rows, _NOTES)


def _stage_rows(folder: Path) -> list[dict[str, Any]]:
    """Return one row per finished stage, in the order in which they finished."""
    paths = sorted(folder.rglob(RECORD), key=lambda path: path.stat().st_mtime_ns)
    records = {str(path.parent.relative_to(folder)): read_json(path) for path in paths}
    whole = sum(record["seconds"] for record in records.values())
    return [_row(folder, stage, record, whole) for stage, record in records.items()]


def _row(folder: Path, stage: str, record: dict[str, Any], whole: float) -> dict[str, Any]:
    seconds, summary = record["seconds"], record["summary"]
    items = summary.get("images", summary.get("pairs"))
    result = folder / "logs" / f"{stage.replace('/', '-')}.result.json"
    peak = read_json(result).get("peak_bytes") if result.exists() else None
    return {
        "stage": stage,
        "seconds": seconds,
        "share": seconds / whole if whole else None,
        "items": items,
        "items_per_s": items / seconds if items and seconds else None,
        "memory_mb": peak and peak / 1024**2,
    }
