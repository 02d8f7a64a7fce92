"""Merged boxes of several networks, against plain loops over boxes as their papers describe them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downstream.datasets.boxes import Box
from downstream.detection.merging import METHODS, MOST_BOXES, merge_boxes, require_method
from downstream.detection.outputs import Prediction
from fusion.errors import InputError

Corners = tuple[float, float, float, float]
Plain = tuple[Corners, float]  # a box and its score
Networks = list[list[Prediction]]


def iou(a: Corners, b: Corners) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0.0) * max(height, 0.0)
    either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / either if either > 0 else 0.0


def ranked(boxes: Sequence[Plain]) -> list[Plain]:
    return sorted(boxes, key=lambda one: (-one[1], one[0]))


def mean_box(members: Sequence[Plain]) -> Corners:
    total = sum(score for _, score in members)
    return tuple(sum(box[k] * score for box, score in members) / total for k in range(4))  # type: ignore[return-value]


def plain_nms(networks: Sequence[Sequence[Plain]]) -> list[Plain]:
    kept: list[Plain] = []
    for box, score in ranked([one for network in networks for one in network]):
        if all(iou(box, other) <= 0.6 for other, _ in kept):
            kept.append((box, score))
    return kept


def plain_wbf(networks: Sequence[Sequence[Plain]]) -> list[Plain]:
    count = len(networks)
    return [(box, score * min(len(of), count) / count) for box, score, of in clusters(networks)]


def plain_wbf_mean(networks: Sequence[Sequence[Plain]]) -> list[Plain]:
    return [(box, score) for box, score, _ in clusters(networks)]


def plain_wbf_max(networks: Sequence[Sequence[Plain]]) -> list[Plain]:
    return [(box, max(score for _, score in members)) for box, _, members in clusters(networks)]


def clusters(networks: Sequence[Sequence[Plain]]) -> list[tuple[Corners, float, list[Plain]]]:
    found: list[list[Plain]] = []
    for one in ranked([box for network in networks for box in network]):
        best, highest = -1, 0.55
        for number, members in enumerate(found):
            overlap = iou(one[0], mean_box(members))
            if overlap > highest:
                best, highest = number, overlap
        if best < 0:
            found.append([one])
        else:
            found[best].append(one)
    return [(mean_box(members), sum(s for _, s in members) / len(members), members) for members in found]


def plain_proben(networks: Sequence[Sequence[Plain]]) -> list[Plain]:
    left = [(*one, number) for number, network in enumerate(networks) for one in network]
    left.sort(key=lambda one: (-one[1], one[0], one[2]))
    merged = []
    while left:
        box, score, own = left.pop(0)
        members = [(box, score)]
        for number in range(len(networks)):
            best = None
            for other in left:
                if other[2] != number or number == own:
                    continue
                overlap = iou(box, other[0])
                if overlap > 0.55 and (best is None or overlap > iou(box, best[0])):
                    best = other
            if best:
                left.remove(best)
                members.append(best[:2])
        if len(members) > 1:
            right, wrong = math.prod(p for _, p in members), math.prod(1 - p for _, p in members)
            box, score = mean_box(members), right / (right + wrong)
        merged.append((box, score))
    return merged


PLAIN: dict[str, Callable[[Sequence[Sequence[Plain]]], list[Plain]]] = {
    "nms": plain_nms,
    "wbf": plain_wbf,
    "wbf_mean": plain_wbf_mean,
    "wbf_max": plain_wbf_max,
    "proben": plain_proben,
}


def predictions(boxes: Sequence[Plain], class_name: str = "car", stem: str = "1") -> list[Prediction]:
    return [Prediction(stem, Box(class_name, box), score) for box, score in boxes]


def random_networks(draw: random.Random, count: int) -> list[list[Plain]]:
    """Draw boxes around a few objects, so that many of them overlap by IoUs about the thresholds."""
    objects = [(draw.uniform(0, 80), draw.uniform(0, 80), draw.uniform(8, 40), draw.uniform(8, 40)) for _ in range(4)]

    def one() -> Plain:
        x, y, width, height = (value + draw.gauss(0, 2.5) for value in draw.choice(objects))
        return (x, y, x + max(width, 1), y + max(height, 1)), draw.uniform(0.001, 0.999)

    return [[one() for _ in range(draw.randint(0, 12))] for _ in range(count)]


@pytest.mark.parametrize("method", METHODS)
def test_merging_equals_plain_loops_on_random_boxes(method: str) -> None:
    draw, merged_boxes = random.Random(0), 0
    for trial in range(1000):
        networks = random_networks(draw, 2 + (trial % 4 == 0))
        found = [(one.box.xyxy, one.score) for one in merge_boxes([predictions(n) for n in networks], method)]
        expected = ranked(PLAIN[method](networks))
        assert len(found) == len(expected)
        for (box, score), (plain_box, plain_score) in zip(found, expected, strict=True):
            assert box == pytest.approx(plain_box, abs=1e-9)
            assert score == pytest.approx(plain_score, abs=1e-12)
        merged_boxes += sum(map(len, networks)) - len(found)
    assert merged_boxes > 3000  # of about 13000: the sets do overlap


side = st.integers(0, 12).map(float)
corners = st.tuples(side, side, st.integers(1, 8), st.integers(1, 8)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)
levels = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])  # equal scores are frequent
prediction = st.builds(
    lambda stem, name, box, score: Prediction(stem, Box(name, box), score),
    st.sampled_from("12"),
    st.sampled_from(["car", "person"]),
    corners,
    levels,
)
network = st.lists(prediction, max_size=10)
some_method = st.sampled_from(list(METHODS))


@given(st.lists(network, min_size=2, max_size=3), some_method, st.randoms(use_true_random=False))
def test_neither_the_order_of_networks_nor_that_of_boxes_matters(
    networks: Networks, method: str, draw: random.Random
) -> None:
    expected = merge_boxes(networks, method)
    for order in permutations(networks):
        assert merge_boxes([draw.sample(one, len(one)) for one in order], method) == expected


@given(st.lists(network, min_size=2, max_size=3), some_method)
def test_merged_boxes_are_ranked_finite_and_no_more_than_those_found(networks: Networks, method: str) -> None:
    merged = merge_boxes(networks, method)
    assert len(merged) <= sum(map(len, networks))
    assert [one.stem for one in merged] == sorted(one.stem for one in merged)
    for stem in "12":
        scores = [one.score for one in merged if one.stem == stem]
        assert scores == sorted(scores, reverse=True)
    assert all(0 <= one.score <= 1 and one.box.xyxy[0] < one.box.xyxy[2] for one in merged)


@given(network, st.booleans())
def test_proben_keeps_the_boxes_of_a_network_if_the_other_finds_nothing(found: list[Prediction], first: bool) -> None:
    merged = merge_boxes([found, []] if first else [[], found], "proben")
    assert sorted(merged, key=repr) == sorted(found, key=repr)


@given(network, some_method.filter(lambda method: method != "proben"))
def test_boxes_apart_stay_if_the_other_network_finds_nothing(found: list[Prediction], method: str) -> None:
    apart: list[Prediction] = []
    for one in found:
        of_class = [other for other in apart if (other.stem, other.box.class_name) == (one.stem, one.box.class_name)]
        if all(iou(one.box.xyxy, other.box.xyxy) <= 0.55 for other in of_class):
            apart.append(one)
    merged = merge_boxes([apart, []], method)
    factor = 0.5 if method == "wbf" else 1
    assert sorted((one.stem, one.box.class_name, one.box.xyxy, one.score) for one in merged) == sorted(
        (one.stem, one.box.class_name, one.box.xyxy, one.score * factor) for one in apart
    )


def test_two_networks_that_agree_in_a_box() -> None:
    networks = [predictions([((0, 0, 10, 10), 0.8)]), predictions([((0, 0, 10, 8), 0.4)])]
    scores = {method: round(merge_boxes(networks, method)[0].score, 4) for method in METHODS}
    assert scores == {"nms": 0.8, "wbf": 0.6, "wbf_mean": 0.6, "wbf_max": 0.8, "proben": 0.7273}  # .32 / (.32 + .12)
    fused = {method: merge_boxes(networks, method)[0].box.xyxy for method in METHODS}
    assert fused["nms"] == (0, 0, 10, 10)
    for method in ("wbf", "wbf_mean", "wbf_max", "proben"):
        assert fused[method] == pytest.approx((0, 0, 10, 28 / 3))


@pytest.mark.parametrize("method", METHODS)
def test_boxes_of_different_classes_or_images_are_not_merged(method: str) -> None:
    box: list[Plain] = [((0, 0, 10, 10), 0.8)]
    assert len(merge_boxes([predictions(box), predictions(box, "person")], method)) == 2
    assert len(merge_boxes([predictions(box), predictions(box, stem="2")], method)) == 2


def test_the_boxes_of_the_highest_scores_remain_of_too_many() -> None:
    networks = [
        predictions([((9.0 * k, 0, 9.0 * k + 8, 8), (k + 1) / 500) for k in range(start, 400, 2)]) for start in (0, 1)
    ]
    merged = merge_boxes(networks, "nms")
    assert [one.score for one in merged] == [k / 500 for k in range(400, 400 - MOST_BOXES, -1)]


def test_certain_networks_that_disagree_give_even_odds() -> None:
    networks = [predictions([((0, 0, 10, 10), 1.0)]), predictions([((0, 0, 10, 10), 0.0)])]
    assert merge_boxes(networks, "proben")[0].score == pytest.approx(0.5)


def test_an_unknown_method_is_one_line() -> None:
    with pytest.raises(InputError, match=r"fuser_options\.late\.method 'wfb'\. Did you mean 'wbf'"):
        require_method("wfb", "fuser_options.late.method")
