from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downstream.datasets.groups import assign_folds, group_images, require_pattern
from fusion.errors import InputError

FRAMES = [f"{number:05d}" for number in range(300)]
NAMES = st.lists(st.text("abc0123456789", min_size=1, max_size=6), min_size=1, max_size=60, unique=True)


def test_runs_of_frames_are_long_enough_for_correlated_ones_and_neither_few_nor_many() -> None:
    assert Counter(Counter(group_images(FRAMES)).values()) == {25: 12}
    assert len(set(group_images(FRAMES[:40]))) == 8
    assert len(set(group_images([f"{number:05d}" for number in range(4200)]))) == 20
    assert group_images(["a", "b", "c"]) == [0, 1, 2]


def test_frames_are_in_the_order_of_their_numbers() -> None:
    stems = [f"frame{number}" for number in range(16)]
    assert group_images(stems) == [number // 2 for number in range(16)]


@given(NAMES)
def test_groups_are_runs_of_nearly_equal_length(stems: list[str]) -> None:
    groups = group_images(stems)
    sizes = Counter(groups).values()
    assert max(sizes) - min(sizes) <= 1
    assert sorted(set(groups)) == list(range(len(sizes)))


@given(NAMES, st.integers(2, 6))
def test_every_image_is_in_one_fold_and_folds_are_of_nearly_equal_size(stems: list[str], folds: int) -> None:
    if len(stems) < folds:
        with pytest.raises(InputError, match=f"more folds than labelled pairs \\(found {len(stems)}"):
            assign_folds(stems, folds)
        return
    sizes = Counter(assign_folds(stems, folds))
    assert sorted(sizes) == list(range(1, folds + 1))
    assert max(sizes.values()) - min(sizes.values()) <= 4  # the runs of a fold differ by one image each


def test_a_fold_tests_several_runs_of_consecutive_frames() -> None:
    folds = assign_folds(FRAMES, 5)
    changes = sum(left != right for left, right in pairwise(folds))
    assert changes == 19  # 20 runs of 15 frames
    assert set(Counter(folds).values()) == {60}


def test_named_groups_stay_together() -> None:
    stems = [f"drive{drive}_{frame}" for drive in range(7) for frame in range(drive + 1)]
    folds = dict(zip(stems, assign_folds(stems, 3, r"drive\d+"), strict=True))
    for drive in range(7):
        assert len({folds[f"drive{drive}_{frame}"] for frame in range(drive + 1)}) == 1
    assert max(Counter(folds.values()).values()) <= 11  # 28 images in 3 folds, the largest group has 7


def test_parentheses_choose_the_name_of_the_group() -> None:
    assert group_images(["a_x1", "b_x1", "c_x2"], r"_(x\d)") == [0, 0, 1]


@pytest.mark.parametrize("pattern", ["drive", "frame(x*)"])
def test_a_pattern_that_names_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(InputError, match=r"data\.groups='.*': names no group in 2 of 2 images \(frame1, frame2\)"):
        group_images(["frame1", "frame2"], pattern)


def test_more_folds_than_groups_are_refused() -> None:
    with pytest.raises(InputError, match=r"data\.folds=3: more folds than groups .*found 2\). Try: data\.folds=2"):
        assign_folds(["a1", "a2", "b1"], 3, "[ab]")


def test_a_broken_pattern_is_refused() -> None:
    with pytest.raises(InputError, match=r"data\.groups='\(': not a regular expression"):
        require_pattern("(")
