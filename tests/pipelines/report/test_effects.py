from __future__ import annotations

import pytest

from fusion.interventions import INTERVENTIONS
from fusion.scoring.folder import ImageScores
from fusion.scoring.means import Mean, mean_scores
from pipelines.report.effects import effects_table, ordering_sentence


def means(complementary: float, random: float, without_visible: float, without_infrared: float) -> dict[str, Mean]:
    values = (complementary, random, without_visible, without_infrared)
    return {name: Mean(value, value, value, 3) for name, value in zip(INTERVENTIONS, values, strict=True)}


@pytest.mark.parametrize("dropped", [(0.3, 0.1), (0.1, 0.3)])
def test_the_published_ordering_holds_where_both_cameras_matter_most(dropped: tuple[float, float]) -> None:
    assert ordering_sentence("mine", means(0.02, 0.01, *dropped)).endswith("random, holds in the means.\n")


@pytest.mark.parametrize(
    ("values", "broken"),
    [
        ((0.02, 0.01, 0.3, 0.02), ["a dropped camera"]),
        ((0.02, 0.01, 0.01, 0.3), ["a dropped camera"]),
        ((0.01, 0.01, 0.3, 0.2), ["random holes move it no less than complementary"]),
        ((0.01, 0.02, 0.3, 0.005), ["a dropped camera", "random holes move it no less than complementary"]),
    ],
)
def test_a_broken_ordering_is_said_with_what_breaks_it(values: tuple[float, ...], broken: list[str]) -> None:
    sentence = ordering_sentence("mine", means(*values))
    assert "does not hold" in sentence
    reasons = ["a dropped camera", "random holes move it no less than complementary"]
    assert [reason for reason in reasons if reason in sentence.partition("does not hold")[2]] == broken


def test_the_table_has_a_line_per_fuser_with_intervals_and_the_reason_of_a_failure() -> None:
    rows = [
        ImageScores(fuser, str(image), dict.fromkeys(INTERVENTIONS, level + image / 1000))
        for fuser, level in (("average", 0.1), ("mine", 0.2))
        for image in range(2)
    ]
    lines = effects_table(mean_scores(rows), {"isfuse": "out of luck"}).markdown("SAMPLE: ").splitlines()
    assert lines[0] == "## SAMPLE: Change by interventions, mean over 2 images"
    assert lines[2] == "| fuser | complementary | random | without visible | without infrared |"
    assert lines[4] == "| average |" + " 0.1005 [0.1000, 0.1010] |" * 4
    assert lines[5] == "| mine |" + " 0.2005 [0.2000, 0.2010] |" * 4
    assert lines[6] == "| isfuse | failed: out of luck |  |  |  |"


def test_a_table_of_failures_alone_has_its_columns() -> None:
    lines = effects_table(mean_scores([]), {"isfuse": "out of luck"}).markdown().splitlines()
    assert lines[0] == "## Change by interventions, mean over 0 images"
    assert lines[-1] == "| isfuse | failed: out of luck |  |  |  |"
