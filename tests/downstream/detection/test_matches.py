from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from downstream.datasets.boxes import Box
from downstream.datasets.detection_data import LabelledPair
from downstream.detection.matches import DetectionMatches, bootstrap_ap
from downstream.detection.outputs import Prediction
from downstream.detection.score import score_detections
from fusion.errors import InputError
from fusion.images.pairs import Pair
from fusion.storage.tensor_files import load_tensors, save_tensors

CLASSES = ("People", "Car", "Bus", "Lamp")


def make_set(seed: int, images: int = 6) -> tuple[list[LabelledPair], list[Prediction]]:
    """Draw ground-truth boxes, none of class Lamp, and detections that match some of them more or less closely."""
    random = np.random.default_rng(seed)
    truth, found = [], []
    for number in range(images):
        stem, boxes = f"{number:02d}", []
        for _ in range(random.integers(0, 5)):
            x, y = random.uniform(0, 150, 2)
            name = CLASSES[random.integers(3)]
            boxes.append(Box(name, (x, y, x + 40, y + 30)))
            shift = random.uniform(0, 14, 2)
            guess = CLASSES[random.integers(4)] if random.random() < 0.3 else name
            corners = (x + shift[0], y + shift[1], x + 40 + shift[0], y + 30 + shift[1])
            found += [Prediction(stem, Box(guess, corners), float(random.random())) for _ in range(random.integers(3))]
        found.append(Prediction(stem, Box("Car", (1.0, 1.0, 9.0, 9.0)), float(random.random())))
        truth.append(LabelledPair(Pair(stem, Path("a"), Path("b")), 200, 200, "test", tuple(boxes)))
    return truth, found


def ignoring_some(truth: list[LabelledPair]) -> list[LabelledPair]:
    """Let every third ground-truth box be ignored, as difficult or as a crowd in turn."""
    count, kinds = 0, ("", "difficult", "", "", "crowd", "")
    items = []
    for item in truth:
        boxes = []
        for box in item.boxes:
            boxes.append(replace(box, ignore=kinds[count % len(kinds)]))
            count += 1
        items.append(replace(item, boxes=tuple(boxes)))
    return items


def repeated(
    truth: list[LabelledPair], found: list[Prediction], counts: np.ndarray
) -> tuple[list[LabelledPair], list[Prediction]]:
    """Copy every image and its detections as often as `counts` says."""
    names = [
        (item, f"{item.pair.stem}-{copy}") for item, count in zip(truth, counts, strict=True) for copy in range(count)
    ]
    copies = [LabelledPair(Pair(name, Path("a"), Path("b")), 200, 200, "test", item.boxes) for item, name in names]
    return copies, [Prediction(name, p.box, p.score) for item, name in names for p in found if p.stem == item.pair.stem]


def coco_means(truth: list[LabelledPair], found: list[Prediction]) -> tuple[float, float]:
    scores = {
        score.metric: score.value
        for score in score_detections(truth, found, CLASSES).scores
        if score.class_name == "all"
    }
    return scores["mAP50"], scores["mAP50:95"]


@pytest.mark.parametrize("seed", range(4))
def test_the_whole_set_once_gives_the_scores_of_pycocotools(seed: int) -> None:
    truth, found = make_set(seed)
    precision = bootstrap_ap(score_detections(truth, found, CLASSES).matches, np.ones((1, len(truth)), np.int64))
    means = np.nanmean(precision, axis=1)
    assert (means[0, 0], means[0].mean()) == pytest.approx(coco_means(truth, found), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_counts_equal_repeated_images_in_pycocotools(seed: int) -> None:
    truth, found = make_set(seed)
    counts = np.random.default_rng(seed).integers(0, 4, (5, len(truth)))
    precision = bootstrap_ap(score_detections(truth, found, CLASSES).matches, counts)
    for resample, mean in zip(counts, np.nanmean(precision, axis=1), strict=True):
        assert (mean[0], mean.mean()) == pytest.approx(coco_means(*repeated(truth, found, resample)), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_ignored_boxes_are_ignored_in_every_resample(seed: int) -> None:
    truth, found = make_set(seed, images=12)
    truth = ignoring_some(truth)
    matches = score_detections(truth, found, CLASSES).matches
    assert matches.is_ignored.any()
    counts = np.random.default_rng(seed).integers(0, 4, (5, len(truth)))
    for resample, mean in zip(counts, np.nanmean(bootstrap_ap(matches, counts), axis=1), strict=True):
        assert (mean[0], mean.mean()) == pytest.approx(coco_means(*repeated(truth, found, resample)), abs=1e-12)


def test_precision_is_zero_without_detections_and_undefined_without_ground_truth() -> None:
    truth, _ = make_set(0)
    matches = score_detections(truth, [], CLASSES).matches
    whole = bootstrap_ap(matches, np.ones((1, len(truth)), np.int64))[0]
    assert (whole[:3] == 0).all()
    assert np.isnan(whole[3]).all()  # no Lamp
    assert np.isnan(bootstrap_ap(matches, np.zeros((1, len(truth)), np.int64))).all()


def test_matches_are_loaded_as_they_were_saved(tmp_path: Path) -> None:
    truth, found = make_set(1)
    matches = score_detections(truth, found, CLASSES).matches
    matches.save(tmp_path / "matches.safetensors")
    loaded = DetectionMatches.load(tmp_path / "matches.safetensors")
    assert all((vars(loaded)[name] == array).all() for name, array in vars(matches).items())


def test_a_file_has_these_array_names(tmp_path: Path) -> None:
    truth, found = make_set(1)
    score_detections(truth, found, CLASSES).matches.save(tmp_path / "matches.safetensors")
    tensors, _ = load_tensors(tmp_path / "matches.safetensors")
    assert tensors.keys() == {"image", "class_number", "score", "right", "true", "ignored"}


def test_a_file_of_other_tensors_is_refused(tmp_path: Path) -> None:
    save_tensors(tmp_path / "a.safetensors", {"weight": torch.zeros(2)}, {})
    with pytest.raises(InputError, match=r"a\.safetensors: not saved matches \(found weight, expected image, class"):
        DetectionMatches.load(tmp_path / "a.safetensors")
