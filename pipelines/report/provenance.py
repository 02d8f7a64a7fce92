"""When, where and with which code the numbers of a report were computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fusion.markdown import Cell
from pipelines.report.elements import Table, TableRow
from pipelines.rows import Experiment, row_of
from pipelines.stages import Inputs, Provenance, current_provenance, load_provenance

_REPORT = "this report"
Made = Mapping[str, Sequence[Provenance]]  # by row, of its finished stages; and of the report itself


def collect_provenance(experiment: Experiment, inputs: Inputs) -> Made:
    """Read what the finished stages of every row were run with; the last entry is that of the report itself."""
    rows: dict[str, list[Provenance]] = {name: [] for name in experiment.row_names}
    for stage, folder in inputs.folders.items():
        if (row := row_of(stage)) in rows:
            rows[row].append(load_provenance(folder))
    return {**{row: found for row, found in rows.items() if found}, _REPORT: [current_provenance()]}


def provenance_facts(made: Made) -> list[tuple[str, str]]:
    """List dates, commits, machines and versions of all stages; several if they differ."""
    stages = [one for of_row in made.values() for one in of_row]
    return [
        ("date", _dates(stages)),
        ("commit", _distinct(one.commit for one in stages)),
        ("machine", _distinct(one.machine for one in stages)),
        ("versions", ", ".join(f"{name} {versions}" for name, versions in _versions(stages).items())),
    ]


def provenance_tables(made: Made) -> list[Table]:
    """Build a table of what each row was computed with if rows or stages differ in it, else none."""
    stages = [one for of_row in made.values() for one in of_row]
    if all((one.commit, one.machine, one.versions) == stages[0][1:4] for one in stages):
        return []
    differing = [name for name, versions in _versions(stages).items() if " and " in versions]
    rows = [
        TableRow(
            row,
            [
                Cell(text, False)
                for text in (
                    _dates(of_row),
                    _distinct(one.commit for one in of_row),
                    _distinct(one.machine for one in of_row),
                    ", ".join(f"{name} {_versions(of_row).get(name, '-')}" for name in differing) or "equal",
                    f"{sum(one.seconds or 0 for one in of_row):.0f}" if row != _REPORT else "-",
                )
            ],
        )
        for row, of_row in made.items()
    ]
    heads = ["date", "commit", "machine", "versions that differ", "seconds"]
    return [Table("Where the numbers come from: not all from one place", "row", heads, rows)]


def _dates(stages: Iterable[Provenance]) -> str:
    dates = sorted({one.date for one in stages})
    return dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"


def _distinct(values: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(values))


def _versions(stages: Sequence[Provenance]) -> dict[str, str]:
    names = dict.fromkeys(name for one in stages for name in one.versions)
    return {name: _distinct(one.versions[name] for one in stages if name in one.versions) for name in names}
