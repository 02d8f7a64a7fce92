from __future__ import annotations

import math
from pathlib import Path

import pytest

from fusion.markdown import Cell
from fusion.scoring.folder import ImageScores
from fusion.scoring.means import mean_scores
from pipelines.report.agreement import Agreement, agreement_table
from pipelines.report.figures.scatter import draw_scatter

FUSERS = ("infrared", "visible", "average", "maximum", "laplacian", "isfuse")
TASK = dict(zip(FUSERS, (0.1, 0.9, 0.2, 0.3, 0.4, 0.5), strict=True))


def agreement_of(task: dict[str, float] = TASK, **metrics: tuple[float, ...]) -> Agreement:
    """One image per fuser in the order of `FUSERS`, with the given values."""
    rows = [
        ImageScores(fuser, "00", {name: values[index] for name, values in metrics.items()})
        for index, fuser in enumerate(FUSERS)
    ]
    return Agreement("eif", mean_scores(rows), "mAP50", task)


@pytest.mark.parametrize(
    ("values", "rank"),
    [
        ((9, 0, 1, 2, 3, 40), 1.0),  # the sources, first two, do not count
        ((0, 0, 4, 3, 2, 1), -1.0),
        ((0, 0, 1, 2, 4, 3), 1 - 6 * 2 / (4 * 15)),  # Spearman's formula for two neighbours exchanged
    ],
)
def test_the_rank_correlation_is_spearmans_over_the_fusions(values: tuple[float, ...], rank: float) -> None:
    assert agreement_of(AG=values).rank_correlation("AG") == pytest.approx(rank)


def test_a_metric_counts_in_its_better_direction() -> None:
    agreement = agreement_of(AG=(0, 0, 1, 2, 3, 4), Nabf=(0, 0, 1, 2, 3, 4))
    assert agreement.rank_correlation("AG") == pytest.approx(1)
    assert agreement.rank_correlation("Nabf") == pytest.approx(-1)


@pytest.mark.parametrize(
    "values", [(0, 0, 1, 1, 1, 1), (0, 0, math.nan, math.nan, 1, 2), (0, 0, math.inf, 1, math.nan, 1)]
)
def test_there_is_no_rank_correlation_of_equal_or_too_few_values(values: tuple[float, ...]) -> None:
    assert agreement_of(AG=values).rank_correlation("AG") is None


def test_there_is_no_rank_correlation_where_every_fusion_scores_the_same() -> None:
    assert agreement_of(dict.fromkeys(FUSERS, 0.0), AG=(0, 0, 1, 2, 3, 4)).rank_correlation("AG") is None


def test_a_fuser_without_a_score_is_left_out() -> None:
    task = {fuser: score for fuser, score in TASK.items() if fuser != "isfuse"}
    agreement = agreement_of(task, AG=(0, 0, 1, 2, 3, -9))
    assert agreement.rank_correlation("AG") == pytest.approx(1)
    assert "isfuse" not in agreement.points("AG")


def test_the_table_has_a_line_per_fuser_and_the_rank_correlations_last() -> None:
    cells = {fuser: Cell(f"{score:.3f}", fuser == "visible") for fuser, score in TASK.items()}
    table = agreement_table(
        agreement_of(AG=(1, 2, 3, 4, 5, 6), SCD=(math.nan,) * 6), {**cells, "broken": Cell("-", False)}
    )
    lines = table.markdown_body().splitlines()
    assert lines[0] == "| fuser | mAP50 ↑ | AG ↑ | SCD ↑ |"
    assert lines[3] == "| visible | **0.900** | 2.000 | - |"
    assert lines[-2] == "| broken | - | - | - |"
    assert lines[-1] == "| *rank correlation* |  | +1.00 | - |"


def test_the_table_says_which_values_its_means_leave_out() -> None:
    agreement = agreement_of(AG=(1, 2, 3, 4, 5, 6), SCD=(math.nan,) * 6)
    table = agreement_table(agreement, {fuser: Cell("-", False) for fuser in TASK})
    assert table.note == "Left out of the means: SCD, 1 of 1 images (undefined)."


def test_the_picture_shows_values_and_scores(tmp_path: Path) -> None:
    values = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    pictures = []
    for name, agreement in {
        "as it is": agreement_of(AG=values),
        "again": agreement_of(AG=values),
        "other metric": agreement_of(AG=(*values[:5], 7.0)),
        "other score": agreement_of({**TASK, "isfuse": 0.45}, AG=values),
        "no score": agreement_of({}, AG=values),
        "seventeen": agreement_of(**dict.fromkeys(("AG", "EN", "SD", "SF", "EI", "MI", "CC"), values)),
    }.items():
        draw_scatter(tmp_path / f"{name}.png", agreement, "title")
        pictures.append((tmp_path / f"{name}.png").read_bytes())
    assert pictures[0] == pictures[1]
    assert len(set(pictures)) == len(pictures) - 1
