"""What a row costs beside what it scores: where the cameras meet, networks and milliseconds per frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import shorten

from pipelines.rows import Cost, Experiment, LateRow, PredictionsRow, Row, cost_stage
from pipelines.stages import Inputs, load_provenance

_LONGEST_REASON = 120  # characters


def load_costs(experiment: Experiment, inputs: Inputs) -> dict[str, Cost]:
    """Read what was measured, by row."""
    stages = {row.name: cost_stage(row.name) for row in experiment.rows}
    return {name: Cost.load(inputs[stage]) for name, stage in stages.items() if stage in inputs.folders}


def cost_columns(experiment: Experiment, costs: Mapping[str, Cost]) -> dict[str, dict[str, str]]:
    """Return the columns of costs in the first table, each a text by row."""
    return {
        "networks per frame": {row.name: str(row.networks or "-") for row in experiment.rows},
        "fusing ms": {name: _milliseconds(cost.fusing_ms) for name, cost in costs.items()},
        "network ms": {name: _milliseconds(cost.network_ms) for name, cost in costs.items()},
    }


def cost_note(experiment: Experiment, inputs: Inputs, costs: Mapping[str, Cost]) -> str:
    """Say on what the milliseconds were measured, for each group of rows that it is the same for, and why some lack."""
    measured: dict[str, list[str]] = {}
    for name, cost in costs.items():
        machine = load_provenance(inputs[cost_stage(name)]).machine
        text = f"{cost.device}, {cost.threads} thread" + "s" * (cost.threads > 1) + f", {machine}"
        measured.setdefault(text, []).append(name)
    told = [
        f"median over {_frames([costs[name].frames for name in names])}, {text}"
        + (f" ({', '.join(names)})" if len(measured) > 1 else "")
        for text, names in measured.items()
    ]
    parts = [f"Milliseconds per frame: {'; '.join(told)}."] if told else []
    if reasons := list(_reasons(experiment, inputs, costs)):
        parts.append(f"Not measured: {'; '.join(reasons)}.")
    return " ".join(parts)


def _frames(counts: Sequence[int]) -> str:
    """Say how many frames were measured.

    Example:
        >>> _frames([20, 16, 20]), _frames([1])
        ('16 to 20 test frames', '1 test frame')
    """
    fewest, most = min(counts), max(counts)
    return f"{fewest} to {most} test frames" if fewest < most else f"{most} test frame" + "s" * (most > 1)


def _reasons(experiment: Experiment, inputs: Inputs, costs: Mapping[str, Cost]) -> Iterator[str]:
    for row in experiment.rows:
        if row.name in costs:
            if costs[row.name].fusing_ms is None:
                yield f"fusing of {row.name}, by other code"
        elif experiment.first_training(row.name).scoring_stage in inputs.folders:  # else the row says why it failed
            reason = inputs.failures.get(cost_stage(row.name), _unknown(experiment, row))
            yield f"{row.name} ({shorten(reason, _LONGEST_REASON, placeholder=' ...')})"


def _unknown(experiment: Experiment, row: Row) -> str:
    if not isinstance(row, LateRow):
        return "predictions of other code"
    external = [name for name in row.members if isinstance(experiment.row(name), PredictionsRow)]
    return f"merges the predictions of other code, {' and '.join(external)}"


def _milliseconds(value: float | None) -> str:
    """Format a duration with three digits at most.

    Example:
        >>> [_milliseconds(value) for value in (None, 0.0, 0.04, 3.14, 27.18, 141.4)]
        ['-', '0', '.04', '3.1', '27.2', '141']
    """
    if value is None:
        return "-"
    if value == 0:
        return "0"
    return f"{value:.2f}".removeprefix("0") if value < 1 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
