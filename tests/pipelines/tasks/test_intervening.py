from __future__ import annotations

from collections import Counter

import pytest

from fusion.interventions import INTERVENTIONS
from pipelines.tasks.intervening import intervention_on

STEMS = [f"{number:05}" for number in range(2000)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 1.0])
def test_about_a_share_of_the_pairs_is_intervened_on_in_all_four_ways_alike(share: float) -> None:
    kinds = Counter(intervention_on(stem, share, 0) for stem in STEMS)
    assert (len(STEMS) - kinds.pop("", 0)) / len(STEMS) == pytest.approx(share, abs=0.03)
    for name in INTERVENTIONS:
        assert kinds[name] / len(STEMS) == pytest.approx(share / 4, abs=0.03)
    assert kinds.keys() <= set(INTERVENTIONS)


def test_a_larger_share_adds_pairs_and_another_seed_chooses_others() -> None:
    few, many, others = ([intervention_on(stem, share, seed) for stem in STEMS] for share, seed in SETTINGS)
    assert all(more == less for less, more in zip(few, many, strict=True) if less)
    assert sum(bool(one) and one == other for one, other in zip(few, others, strict=True)) < sum(map(bool, few)) / 4


SETTINGS = ((0.2, 0), (0.4, 0), (0.2, 1))
