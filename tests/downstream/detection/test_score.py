from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from downstream.datasets.boxes import Box
from downstream.datasets.detection_data import LabelledPair
from downstream.detection.outputs import Prediction
from downstream.detection.score import score_detections
from fusion.images.pairs import Pair

CLASSES = ("People", "Car", "Bus")


def image(stem, *boxes, size=(200, 200)):
    return LabelledPair(Pair(stem, Path(f"ir/{stem}.png"), Path(f"vi/{stem}.png")), *size, "test", boxes)


def box(class_name, x, y, width, height):
    return Box(class_name, (float(x), float(y), float(x + width), float(y + height)))


def perfect(truth):
    return [Prediction(item.pair.stem, one, 0.9) for item in truth for one in item.boxes]


def values(result):
    return {(score.metric, score.class_name): score.value for score in result.scores}


@pytest.fixture
def truth():
    return [
        image("a", box("People", 5, 5, 10, 20), box("Car", 40, 40, 60, 50)),
        image("b", box("Car", 10, 20, 120, 130), box("People", 150, 150, 40, 40)),
        image("c"),
    ]


def test_perfect_predictions_score_one_for_every_class_with_ground_truth(truth):
    found = values(score_detections(truth, perfect(truth), CLASSES))
    assert found.pop(("AP50", "Bus")) is None
    assert found.pop(("AP50:95", "Bus")) is None
    assert len(found) == 9
    assert found == dict.fromkeys(found, pytest.approx(1.0, abs=1e-12))


def test_no_predictions_score_zero_for_every_class_with_ground_truth(truth):
    found = values(score_detections(truth, [], CLASSES))
    assert found.pop(("AP50", "Bus")) is None
    assert found.pop(("AP50:95", "Bus")) is None
    assert found == dict.fromkeys(found, 0.0)


def test_predictions_beside_the_objects_score_zero(truth):
    wrong = [Prediction("c", one, 0.9) for item in truth for one in item.boxes]
    found = values(score_detections(truth, wrong, CLASSES))
    assert {found["mAP50", "all"], found["mAP50:95", "all"]} == {0.0}


def test_a_false_box_of_higher_score_halves_the_precision():
    item = image("a", box("Car", 10, 10, 50, 50))
    predictions = [Prediction("a", box("Car", 120, 120, 50, 50), 0.9), Prediction("a", item.boxes[0], 0.8)]
    assert values(score_detections([item], predictions, ["Car"]))["AP50", "Car"] == pytest.approx(0.5, abs=1e-12)


def test_one_of_two_objects_found_counts_at_51_of_101_recalls():
    item = image("a", box("Car", 10, 10, 50, 50), box("Car", 120, 120, 50, 50))
    result = score_detections([item], [Prediction("a", item.boxes[0], 0.8)], ["Car"])
    assert values(result)["AP50", "Car"] == pytest.approx(51 / 101, abs=1e-12)
    assert result.curves["Car"] == pytest.approx([1.0] * 51 + [0.0] * 50, abs=1e-12)


def test_a_box_of_iou_three_quarters_counts_at_six_of_ten_thresholds():
    item = image("a", box("Car", 10, 10, 40, 40))
    found = values(score_detections([item], [Prediction("a", box("Car", 10, 10, 30, 40), 0.8)], ["Car"]))
    assert found["AP50", "Car"] == pytest.approx(1.0)
    assert found["AP50:95", "Car"] == pytest.approx(0.6, abs=1e-12)


def test_a_class_without_ground_truth_is_none_and_left_out_of_the_mean(truth):
    wrong = [*perfect(truth), Prediction("a", box("Bus", 0, 0, 30, 30), 1.0)]
    result = score_detections(truth, wrong, CLASSES)
    assert values(result)["AP50", "Bus"] is None
    assert values(result)["mAP50:95", "all"] == pytest.approx(1.0)
    assert result.curves.keys() == {"People", "Car"}


@pytest.mark.parametrize(("side", "size"), [(31, "small"), (50, "medium"), (97, "large")])
def test_an_object_counts_only_in_the_range_of_its_area(side, size):
    truth = [image("a", box("Car", 3, 3, side, side))]
    found = values(score_detections(truth, perfect(truth), ["Car"]))
    for name in ("small", "medium", "large"):
        assert found[f"mAP50:95_{name}", "all"] == (pytest.approx(1.0) if name == size else None)


def test_n_counts_images_for_means_and_ground_truth_boxes_for_classes(truth):
    scores = score_detections(truth, perfect(truth), CLASSES).scores
    counts = {(score.metric, score.class_name): score.n for score in scores}
    assert {n for (_, name), n in counts.items() if name == "all"} == {3}
    assert [counts["AP50", name] for name in CLASSES] == [2, 2, 0]
    assert [counts["AP50:95", name] for name in CLASSES] == [2, 2, 0]


def test_the_order_of_classes_is_the_order_of_the_result(truth):
    names = [s.class_name for s in score_detections(truth, [], CLASSES[::-1]).scores if s.metric == "AP50"]
    assert names == list(CLASSES[::-1])


def test_up_to_three_hundred_boxes_of_an_image_count():
    boxes = [box("Car", 20 * (k % 20), 20 * (k // 20), 15, 15) for k in range(320)]
    result = score_detections([image("a", *boxes, size=(400, 400))], perfect([image("a", *boxes)]), ["Car"])
    recalled = np.count_nonzero(np.linspace(0, 1, 101) <= 300 / 320)
    assert recalled == 94
    assert values(result)["AP50", "Car"] == pytest.approx(recalled / 101, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_random_boxes_score_as_in_a_plain_implementation(seed):
    rng = np.random.default_rng(seed)
    truth = [image(f"{k}", *(random_box(rng) for _ in range(rng.integers(0, 7)))) for k in range(12)]
    predictions = []
    for item in truth:
        shaken = [jitter(rng, one) for one in item.boxes for _ in range(rng.integers(0, 3))]
        shaken += [random_box(rng) for _ in range(3)]
        predictions += [Prediction(item.pair.stem, one, float(rng.random())) for one in shaken]
    result = score_detections(truth, predictions, CLASSES)
    found = values(result)
    curves = np.array([[_reference_curve(truth, predictions, name, t) for t in THRESHOLDS] for name in CLASSES])
    for name, curve in zip(CLASSES, curves, strict=True):
        assert len(result.curves[name]) == 101
        np.testing.assert_allclose(result.curves[name], curve[0], atol=1e-9)
        assert found["AP50", name] == pytest.approx(curve[0].mean(), abs=1e-9)
        assert found["AP50:95", name] == pytest.approx(curve.mean(), abs=1e-9)
    assert 0.05 < found["mAP50:95", "all"] < 0.95
    assert found["mAP50", "all"] == pytest.approx(curves[:, 0].mean(), abs=1e-9)
    assert found["mAP50:95", "all"] == pytest.approx(curves.mean(), abs=1e-9)


THRESHOLDS = np.linspace(0.5, 0.95, 10)


def random_box(rng):
    return box(CLASSES[rng.integers(3)], *rng.uniform(0, 100, 2), *rng.uniform(8, 100, 2))


def jitter(rng, one):
    x1, y1, x2, y2 = (value + rng.normal(0, 3) for value in one.xyxy)
    return Box(one.class_name, (x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)))


def _reference_curve(truth, predictions, class_name, threshold):
    """Precision at 101 recalls: greedy matching by score, each to the unmatched ground-truth box of highest IoU."""
    true = {t.pair.stem: [b.xyxy for b in t.boxes if b.class_name == class_name] for t in truth}
    free = {stem: [True] * len(boxes) for stem, boxes in true.items()}
    hits = []
    ranked = sorted((p for p in predictions if p.box.class_name == class_name), key=lambda p: -p.score)
    for p in ranked:
        ious = [iou(p.box.xyxy, b) if f else -1.0 for b, f in zip(true[p.stem], free[p.stem], strict=True)]
        best = int(np.argmax(ious)) if ious else -1
        hits.append(best >= 0 and ious[best] >= threshold)
        if hits[-1]:
            free[p.stem][best] = False
    found = np.cumsum(hits)
    recall = found / sum(len(boxes) for boxes in true.values())
    precision = found / np.arange(1, len(hits) + 1)
    return [max(precision[recall >= level], default=0.0) for level in np.linspace(0, 1, 101)]


def iou(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def test_a_difficult_object_is_neither_gained_nor_lost_by_finding_it(truth):
    hard = replace(box("Car", 150, 20, 30, 30), ignore="difficult")
    truth = [truth[0], replace(truth[1], boxes=(*truth[1].boxes, hard)), truth[2]]
    easy = [one for one in perfect(truth) if not one.box.ignore]
    missed, found = (values(score_detections(truth, of, CLASSES)) for of in (easy, perfect(truth)))
    assert missed["AP50", "Car"] == found["AP50", "Car"] == pytest.approx(1.0)
    twice = [*easy, Prediction("b", hard, 0.95), Prediction("b", hard, 0.96)]
    assert values(score_detections(truth, twice, CLASSES))["AP50", "Car"] == pytest.approx(1.0)


def test_detections_inside_a_crowd_do_not_count(truth):
    crowd = replace(box("Car", 0, 160, 140, 40), ignore="crowd")
    truth = [truth[0], replace(truth[1], boxes=(*truth[1].boxes, crowd)), truth[2]]
    inside = [Prediction("b", box("Car", 10 * k, 165, 8, 8), 0.95) for k in range(5)]
    easy = [one for one in perfect(truth) if not one.box.ignore]
    assert values(score_detections(truth, [*easy, *inside], CLASSES))["AP50", "Car"] == pytest.approx(1.0)
    beside = [Prediction("a", box("Car", 10 * k, 165, 8, 8), 0.95) for k in range(5)]
    assert values(score_detections(truth, [*easy, *beside], CLASSES))["AP50", "Car"] < 0.5
