from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pipelines.report.significance import Difference, ImageGroups, Resampled, ScoreName, differences, mean_over_classes

IMAGES = 40
NAME = ScoreName("accuracy", "all")
APART = ImageGroups(np.arange(IMAGES), {})  # every image is a group of its own


def accuracy(right: np.ndarray, shift: float = 0.0) -> Resampled:
    """Score a network that is right on some images by the share of right images."""
    return Resampled((NAME,), lambda counts: (counts @ right / counts.sum(axis=1) + shift)[:, None])


def right_on(share: float, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(IMAGES) < share).astype(float)


def compared(images: ImageGroups = APART, **rows: list[Resampled]) -> dict[str, Difference]:
    return {one.fuser: one for one in differences(rows, images, "average")}


def test_clear_and_unclear_differences_are_told_apart() -> None:
    base = right_on(0.5, 0)
    better, worse, like = np.maximum(base, right_on(0.6, 1)), base * right_on(0.3, 2), base.copy()
    like[:2] = 1 - like[:2]
    found = compared(
        like=[accuracy(like)], average=[accuracy(base)], better=[accuracy(better)], worse=[accuracy(worse)]
    )
    assert {name: one.verdict for name, one in found.items()} == {
        "like": "not distinguishable",
        "better": "better",
        "worse": "worse",
    }
    assert [one.difference for one in found.values()] == pytest.approx(
        [right.mean() - base.mean() for right in (like, better, worse)]
    )


def test_one_seed_and_single_images_give_the_paired_t_test() -> None:
    random = np.random.default_rng(3)
    base, other = random.random(IMAGES), random.random(IMAGES)
    one = compared(average=[accuracy(base)], other=[accuracy(other)])["other"]
    expected = stats.ttest_rel(other, base)
    low, high = expected.confidence_interval()
    assert (one.low, one.high) == pytest.approx((low, high), abs=0.05 * (high - low))
    assert one.p == one.p_holm == pytest.approx(expected.pvalue, abs=0.03)


def test_seeds_without_differences_of_images_give_welchs_t_test() -> None:
    shifts = {"average": [0.0, 0.02, -0.01], "other": [0.05, 0.11, 0.04, 0.09]}
    rows = {name: [accuracy(np.ones(IMAGES), shift) for shift in of_row] for name, of_row in shifts.items()}
    one = compared(**rows)["other"]
    expected = stats.ttest_ind(shifts["other"], shifts["average"], equal_var=False)
    low, high = expected.confidence_interval()
    assert (one.low, one.high, one.p) == pytest.approx((low, high, expected.pvalue))


def test_images_that_look_alike_count_as_one_group() -> None:
    base, other = np.repeat(right_on(0.4, 1)[:8], 5), np.repeat(right_on(0.6, 2)[:8], 5)
    rows = {"average": [accuracy(base)], "other": [accuracy(other)]}
    apart, together = compared(**rows)["other"], compared(ImageGroups(np.arange(IMAGES) // 5, {}), **rows)["other"]
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_p_values_are_adjusted_by_holms_method() -> None:
    base = right_on(0.5, 0)
    rows = {
        name: [accuracy(np.maximum(base, right_on(share, 5)))] for name, share in (("a", 0.15), ("b", 0.2), ("c", 0.5))
    }
    found = compared(average=[accuracy(base)], same=[accuracy(base)], **rows)
    known = sorted(found.values(), key=lambda one: one.p)
    highest = 0.0
    for left, one in zip(range(len(known), 0, -1), known, strict=True):
        highest = max(highest, min(1.0, one.p * left))
        assert one.p_holm == pytest.approx(highest)
    assert found["same"].p == 1
    assert found["same"].verdict == "not distinguishable"


def test_the_detectable_difference_is_found_in_four_of_five_cases() -> None:
    random, found, sizes = np.random.default_rng(0), 0, []
    for _ in range(300):
        base = random.normal(size=IMAGES)
        noise = random.normal(size=IMAGES)
        one = differences({"a": [accuracy(base)], "b": [accuracy(base + noise)]}, APART, "a", resamples=300)[0]
        sizes.append(one.detectable)
        true = 0.454  # of a paired t-test on 40 differences of deviation 1: power 0.8 at 5 %
        one = differences({"a": [accuracy(base)], "b": [accuracy(base + noise + true)]}, APART, "a", resamples=300)[0]
        found += one.verdict == "better"
    assert np.median(sizes) == pytest.approx(true, rel=0.05)
    assert 0.74 < found / 300 < 0.86


def test_a_further_row_changes_no_interval() -> None:
    rows = {name: [accuracy(right_on(0.5, k + 10 * s)) for s in range(3)] for k, name in enumerate("bc")}
    base = [accuracy(right_on(0.5, 99 + s)) for s in range(3)]
    few, more = compared(average=base, b=rows["b"])["b"], compared(average=base, **rows)["b"]
    assert (few.difference, few.low, few.high, few.p) == (more.difference, more.low, more.high, more.p)


def test_what_cannot_be_told_has_a_reason_and_no_number() -> None:
    names = tuple(ScoreName("IoU", name) for name in ("nowhere", "once", "everywhere"))
    values = np.array([np.nan, 0.5, 0.5])
    network = Resampled(names, lambda counts: np.tile(values, (len(counts), 1)))
    once = np.arange(IMAGES) == 3
    images = ImageGroups(np.arange(IMAGES), {"nowhere": np.zeros(IMAGES, bool), "once": once, "everywhere": ~once})
    nowhere, in_one, everywhere = differences({"a": [network], "b": [network]}, images, "a")
    assert (nowhere.difference, nowhere.p, nowhere.verdict, nowhere.reason) == (None, None, "-", "no ground truth")
    assert (in_one.low, in_one.verdict, in_one.reason) == (
        None,
        "-",
        "ground truth in 1 of at least 6 groups of images",
    )
    assert (everywhere.low, everywhere.high, everywhere.verdict) == (0, 0, "not distinguishable")


def test_six_groups_can_give_a_verdict_and_five_cannot() -> None:
    for groups, verdict in ((5, "-"), (6, "better")):
        rows = {"average": [accuracy(np.zeros(IMAGES))], "other": [accuracy(np.ones(IMAGES))]}
        images = ImageGroups(np.arange(IMAGES) % groups, {})
        assert compared(images, **rows)["other"].verdict == verdict


def test_one_test_image_gives_a_difference_without_a_verdict() -> None:
    one = differences(
        {"a": [accuracy(np.ones(1))], "b": [accuracy(np.zeros(1))]}, ImageGroups(np.zeros(1, int), {}), "a"
    )[0]
    assert (one.difference, one.low, one.p_holm, one.detectable, one.verdict) == (-1, None, None, None, "-")


def test_a_mean_over_classes_leaves_out_undefined_ones() -> None:
    assert mean_over_classes(np.array([[0.5, np.nan], [0.5, 1.0]])).tolist() == [0.5, 0.75]
    assert np.isnan(mean_over_classes(np.full((1, 2), np.nan))).all()


@pytest.mark.parametrize("correlation", [0.0, 0.5])
@pytest.mark.parametrize("seeds", [1, 3, 5])
def test_intervals_cover_the_true_difference_in_95_of_100_cases(seeds: int, correlation: float) -> None:
    """Simulate rows without true difference on frames that are correlated in runs of ten, which straddle the groups."""
    from downstream.datasets import group_images

    images, cases = 300, 500
    groups = ImageGroups(np.array(group_images([f"{number:03d}" for number in range(images)])), {})
    random, covered = np.random.default_rng(seeds), 0

    def frames() -> np.ndarray:
        runs = np.repeat(random.normal(size=images // 10 + 1), 10)[5 : images + 5]
        return np.sqrt(correlation) * runs + np.sqrt(1 - correlation) * random.normal(size=images)

    for _ in range(cases):
        shared, rows = frames(), {}
        for name in ("average", "other"):
            of_row = shared + frames()
            noise = [random.normal() * 0.1 if seeds > 1 else 0.0 for _ in range(seeds)]
            rows[name] = [accuracy(of_row, shift) for shift in noise]
        (one,) = differences(rows, groups, "average", resamples=300)
        covered += one.low <= 0 <= one.high
    assert 0.92 <= covered / cases <= 0.98
