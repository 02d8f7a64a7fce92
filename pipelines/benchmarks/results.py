"""The result of a benchmark, printed as a table or written as CSV."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.storage import write_csv

if TYPE_CHECKING:
    from pipelines.report import Facts

_ALLOCATOR = ("MALLOC_", "LD_PRELOAD", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF")


@dataclass(frozen=True)
class BenchmarkResult:
    """The rows of a benchmark and the conditions of the measurement.

    Args:
        facts: name and value of what holds for all rows.
        rows: values by column, with the same columns in the same order; None is an empty field.
        notes: explanations of the columns.
    """

    facts: Facts
    rows: Sequence[dict[str, Any]]
    notes: Sequence[str] = ()

    def text(self) -> str:
        """Format facts, table and notes for a terminal.

        Example:
            >>> print(BenchmarkResult([("threads", "1")], [{"name": "average", "ms": 0.25}]).text())
            threads: 1
            <BLANKLINE>
            name       ms
            average  0.25
            <BLANKLINE>
        """
        cells = [list(self.rows[0]), *([_shown(value) for value in row.values()] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        numbers = [all(isinstance(row[name], int | float | None) for row in self.rows) for name in self.rows[0]]
        lines = [
            "  ".join(
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(row, widths, numbers, strict=True)
            ).rstrip()
            for row in cells
        ]
        return "\n".join([*(f"{name}: {value}" for name, value in self.facts), "", *lines, "", *self.notes])

    def write(self, path: Path) -> None:
        """Write the rows as CSV, followed by the facts as columns, so that every number carries its origin."""
        columns = [*self.rows[0], *(name for name, _ in self.facts)]
        write_csv(path, columns, [[*row.values(), *(value for _, value in self.facts)] for row in self.rows])


def environment_facts(command: str, threads: int) -> Facts:
    """List command, date, commit, machine, versions, threads, and the allocator settings that affect speed."""
    import torch

    from pipelines.report import provenance_facts
    from pipelines.stages import current_provenance

    settings = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith(_ALLOCATOR)]
    allocator = ", ".join(settings) or "defaults"
    cuda = [("cuda", str(torch.version.cuda))] if torch.cuda.is_available() else []
    made = provenance_facts({"": [current_provenance()]})
    return [("command", command), *made, ("threads", str(threads)), ("allocator", allocator), *cuda]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
