"""The first sentence of a report: which row to take, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.report.significance import Difference
from pipelines.rows import SOURCES


def answer(
    scores: Mapping[str, float], metric: str, baseline: str | None, found: Sequence[Difference], seeds: int
) -> str:
    """Answer what to feed the network with.

    A row is called best only if its verdict, adjusted for all rows, says that it is better than the baseline; of
    several, the one of the highest score. Their differences among each other are not tested, which the answer says.

    Args:
        scores: mean over seeds by row; rows with a failed run are left out.
        metric: of the scores.
        baseline: the row that the others are compared with.
        found: the differences to the baseline in this metric, over all classes; none where nothing was compared.
        seeds: number of seeds; a single one cannot tell what another training would change.

    Returns:
        One to four sentences; "" without any score above 0.
    """
    if not scores or max(scores.values()) <= 0:
        return ""
    highest = max(scores, key=lambda row: scores[row])
    differences = {one.fuser: one for one in found if one.fuser in scores}
    better = [row for row, one in differences.items() if one.verdict == "better"]
    cameras = [row for row in SOURCES if row in scores]
    camera = max(cameras, key=lambda row: scores[row]) if cameras else None
    single = f"; the best single camera is {camera} ({_level(scores[camera])})" if camera else ""
    if better:
        best = max(better, key=lambda row: scores[row])
        parts = [f"Best: {best}, {metric} {_level(scores[best])}, {_above(differences[best], baseline)}{single}."]
        if others := [row for row in better if row != best]:
            parts.append(f"Also better than {baseline}: {', '.join(others)}; which of these is best is not tested.")
        if highest != best:
            parts.append(f"Higher, but not distinguishable from {baseline}: {highest} ({_level(scores[highest])}).")
        if seeds == 1:
            parts.append("With one seed, what another training would change is not covered.")
        return " ".join(parts)
    if any(one.p_holm is not None for one in differences.values()):
        lead = f"No row is better than {baseline} ({metric} {_level(scores[str(baseline)])}) by more than chance"
        if highest == baseline:
            return f"{lead}, which is also the highest{single}."
        return (
            f"{lead}. Highest: {highest}, {_level(scores[highest])}, {_above(differences[highest], baseline)}{single}."
        )
    reasons = dict.fromkeys(one.reason for one in differences.values() if one.reason)
    why = "; ".join(reasons) or "nothing to compare with"
    return f"Highest {metric}: {highest}, {_level(scores[highest])}, without a verdict ({why}){single}."


def _level(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _above(one: Difference, baseline: str | None) -> str:
    """Format a difference with its interval, such as "+.078 over average [+.019, +.140]"."""
    interval = "" if one.low is None or one.high is None else f" [{_signed(one.low)}, {_signed(one.high)}]"
    return f"{_signed(one.difference or 0.0)} over {baseline}{interval}"


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("0.", ".", 1)
