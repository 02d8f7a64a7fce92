"""What a benchmark found: the same rows as a table to read and as a file to keep."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from fusion.storage import write_csv
from pipelines.report import Facts, run_facts


@dataclass(frozen=True)
class Measured:
    """The rows of a benchmark and what they were measured with.

    Args:
        facts: what holds for all rows.
        rows: equal keys in equal order, which are the columns; None is an empty field.
        notes: what the columns mean, where their names do not say it.
    """

    facts: Facts
    rows: Sequence[dict[str, Any]]
    notes: Sequence[str] = ()

    def text(self) -> str:
        """Lay facts, table and notes out for a terminal."""
        cells = [list(self.rows[0]), *([_shown(value) for value in row.values()] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        numbers = [all(isinstance(row[name], int | float | None) for row in self.rows) for name in self.rows[0]]
        lines = [
            "  ".join(
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(line, widths, numbers, strict=True)
            ).rstrip()
            for line in cells
        ]
        return "\n".join([*(f"{name}: {value}" for name, value in self.facts), "", *lines, "", *self.notes])

    def write(self, path: Path) -> None:
        """Write the rows as CSV, the facts behind them as columns, so that every number carries its origin."""
        columns = [*self.rows[0], *(name for name, _ in self.facts)]
        write_csv(path, columns, [[*row.values(), *(value for _, value in self.facts)] for row in self.rows])


def surroundings(command: str, threads: int) -> Facts:
    """Tell command, date, commit, machine, versions, threads, and the allocator settings that change a speed."""
    settings = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith(_ALLOCATOR)]
    allocator = ", ".join(settings) or "defaults"
    cuda = [("cuda", str(torch.version.cuda))] if torch.cuda.is_available() else []
    return [*run_facts(command), ("threads", str(threads)), ("allocator", allocator), *cuda]


_ALLOCATOR = ("MALLOC_", "LD_PRELOAD", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF")


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
