"""How long each stage of a pipeline takes, and a run that finds everything done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from fusion.storage import read_json
from pipelines.benchmarks.measured import Measured, surroundings
from pipelines.run import run_pipeline
from pipelines.stages import RECORD

_AGAIN = "all again, skipped"
_NOTES = (
    "items: images or pairs of a stage; a training takes them every epoch",
    "memory_mb: peak of the stage's process, recorded with --jobs 2 or more, where stages share the cores",
)


def benchmark_pipeline(
    name: str, overrides: Sequence[str], data: Path | None, work_dir: Path | None, jobs: int, command: str
) -> Measured:
    """Run a pipeline twice, and tell what its stages recorded and what the second run took.

    Args:
        name: of a config.
        overrides: as `key.sub=value`.
        data: as `run_pipeline` takes it.
        work_dir: where it works; what is finished there is told as it was recorded then. None is a temporary folder.
        jobs: how many stages run side by side.
        command: as it was typed.

    Raises:
        InputError: a mistake of the user's.
    """
    with TemporaryDirectory() as temporary:
        folder = work_dir or Path(temporary)
        for _ in range(2):
            start = time.monotonic()
            run_pipeline(name, overrides, data, folder, (), False, command, jobs)
            seconds = time.monotonic() - start
        rows = _stage_rows(next(path for path in (folder / name, folder / f"{name}-sample") if path.is_dir()))
    rows.append({**dict.fromkeys(rows[0]), "stage": _AGAIN, "seconds": round(seconds, 1)})
    facts = [*surroundings(command, torch.get_num_threads()), ("jobs", str(jobs))]
    return Measured(facts, rows, _NOTES)


def _stage_rows(folder: Path) -> list[dict[str, Any]]:
    """Read the records of all finished stages, in the order in which they finished."""
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
