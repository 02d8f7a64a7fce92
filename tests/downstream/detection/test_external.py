"""Boxes that other code has predicted: read as they are, or refused in one line."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downstream.datasets.boxes import Box, LabelFaults
from downstream.datasets.detection_data import DetectionData, LabelledPair
from downstream.detection.external import read_external_boxes
from downstream.detection.outputs import Prediction, load_predictions, save_predictions
from downstream.detection.score import score_detections
from fusion.errors import InputError
from fusion.images.pairs import Pair

CLASSES = ("car", "person")


def data(*tested: str, trained: tuple[str, ...] = ()) -> DetectionData:
    items = tuple(
        LabelledPair(Pair(stem, Path(stem), Path(stem)), 100, 80, split, (Box("car", (10, 10, 40, 40)),))
        for split, stems in (("test", tested), ("train", trained))
        for stem in stems
    )
    return DetectionData(CLASSES, items, LabelFaults(), "random", None)


def result(**changes: Any) -> dict[str, Any]:
    return {"image_id": "00001D", "category_id": 1, "bbox": [10, 20, 30, 40], "score": 0.5, **changes}


def read(tmp_path: Path, content: Any, of: DetectionData | None = None, **options: Any) -> list[Prediction]:
    path = tmp_path / "results.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_external_boxes(path, of or data("00001D"), **options)


def test_results_are_boxes_in_pixels(tmp_path: Path) -> None:
    found = read(tmp_path, [result(), result(category_id="person", score=1)])
    assert found == [
        Prediction("00001D", Box("car", (10, 20, 40, 60)), 0.5),
        Prediction("00001D", Box("person", (10, 20, 40, 60)), 1.0),
    ]


@pytest.mark.parametrize("image_id", [7, 7.0, "7", "00007", "00007.png", "images/00007.jpg"])
def test_an_image_is_known_by_number_stem_or_file_name(tmp_path: Path, image_id: object) -> None:
    assert read(tmp_path, [result(image_id=image_id)], data("00007"))[0].stem == "00007"


def test_ids_are_explained_by_the_annotations(tmp_path: Path) -> None:
    annotations = tmp_path / "annotations.json"
    images = [{"id": 3, "file_name": "b/00002D.png"}, {"id": 1, "file_name": "00001D.png"}]
    categories = [{"id": 1, "name": "person"}, {"id": 7, "name": "car"}]
    annotations.write_text(json.dumps({"images": images, "categories": categories}))
    content = [result(image_id=3, category_id=7), result(image_id=3, category_id=1)]
    found = read(tmp_path, content, data("00001D", "00002D"), annotations=annotations)
    assert [(one.stem, one.box.class_name) for one in found] == [("00002D", "car"), ("00002D", "person")]
    annotations.write_text(json.dumps({"images": images[:1], "categories": categories}))
    with pytest.raises(InputError, match="1 of 2 test images missing: 00001D"):
        read(tmp_path, content, data("00001D", "00002D"), annotations=annotations)
    for changed, said in (
        ({"images": [*images, {"id": 3, "file_name": "00001D.png"}]}, "an id stands for two images"),
        ({"categories": [*categories, {"id": 7.0, "name": "person"}]}, "an id stands for two categories"),
        ({"images": [{**images[0], "width": 50, "height": 40}]}, "00002D: wrong size (found 50x40, expected 100x80)"),
    ):
        annotations.write_text(json.dumps({"images": images, "categories": categories, **changed}))
        with pytest.raises(InputError, match=re.escape(said)):
            read(tmp_path, content, data("00001D", "00002D"), annotations=annotations)
    annotations.write_text("[]")
    with pytest.raises(InputError, match=r"annotations\.json: not COCO annotations"):
        read(tmp_path, content, annotations=annotations)


def test_predictions_for_other_images_of_the_data_set_are_not_needed(tmp_path: Path) -> None:
    of = data("00001D", trained=("00002D",))
    assert read(tmp_path, [result(), result(image_id="00002D")], of) == read(tmp_path, [result()], of)


def test_rounding_over_the_border_is_clipped(tmp_path: Path) -> None:
    assert read(tmp_path, [result(bbox=[-0.4, 0, 100.9, 80])])[0].box.xyxy == (0, 0, 100, 80)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_id": "00009D"}, r"result 1: image_id 00009D: not an image of the data set \(expected one of its 1: "),
        ({"category_id": 3}, r"result 1: category_id 3: unknown class '3'.*Known: car, person"),
        ({"category_id": 0}, r"result 1: category_id 0: unknown class '0'.*; or a number from 1 to 2 in the order"),
        ({"bbox": [0.1, 0.2, 0.3, 0.4]}, r"boxes in fractions of the image \(found none beyond 1, expected pixels\)"),
        ({"category_id": "Car"}, r"unknown class 'Car'\. Did you mean 'car'"),
        ({"score": 1.01}, r"result 1: score out of range \(found 1\.01, expected 0\.\.1\)"),
        ({"score": 87}, r"score out of range \(found 87, expected 0\.\.1\)"),
        ({"score": -0.1}, r"score out of range"),
        ({"score": float("nan")}, r"result 1: score: nan is not finite"),
        ({"score": "high"}, r"result 1: score: could not convert"),
        ({"score": None}, r"result 1: score: found \[None\], expected 1 numbers"),
        ({"bbox": [10, float("inf"), 3, 4]}, r"result 1: bbox: inf is not finite"),
        ({"bbox": [10, 20, 30]}, r"result 1: bbox: found \[10, 20, 30\], expected 4 numbers"),
        ({"bbox": [10, 20, -30, 4]}, r"result 1: box of negative size \(found -30x4 pixels\)"),
        ({"bbox": [90, 20, 30, 40]}, r"box outside its image \(found corners 90, 20, 120, 60 in 100x80 pixels\)\. Try"),
        ({"bbox": [-3, 20, 30, 40]}, r"box outside its image"),
    ],
)
def test_a_wrong_result_is_one_line(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        read(tmp_path, [result(**changes)])
    assert str(error.value).startswith(str(tmp_path / "results.json"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", ["{}", "[3]", '[{"image_id": "00001D"}]', "", "boxes"])
def test_another_file_is_one_line(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match=r"results\.json"):
        read(tmp_path, content)


def test_a_missing_image_is_one_line_unless_nothing_was_found_there(tmp_path: Path) -> None:
    of = data("00001D", "00002D", "00003D")
    with pytest.raises(InputError, match=r"2 of 3 test images missing: 00002D, 00003D .*Try: missing=empty"):
        read(tmp_path, [result()], of)
    assert len(read(tmp_path, [result()], of, missing_is_empty=True)) == 1


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.lists(st.floats(), max_size=5)
)


@given(st.lists(st.one_of(values, st.fixed_dictionaries(dict.fromkeys(result(), values))), max_size=3))
def test_any_list_gives_predictions_or_one_line(tmp_path_factory: pytest.TempPathFactory, content: list[Any]) -> None:
    try:
        found = read(tmp_path_factory.mktemp("any"), content)
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert all(0 <= one.score <= 1 for one in found)


def folder_of(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "labels"
    folder.mkdir()
    for stem, text in files.items():
        (folder / f"{stem}.txt").write_text(text)
    return folder


def test_a_folder_of_yolo_files_with_scores_is_read(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, a="1 0.5 0.5 0.2 0.5 0.75\n\n0 0.25 0.5 0.5 1 0.5\n", b="", classes="car\nperson\n")
    assert read_external_boxes(folder, data("a", "b")) == [
        Prediction("a", Box("person", (40, 20, 60, 60)), 0.75),
        Prediction("a", Box("car", (0, 0, 50, 80)), 0.5),
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": "0 0.5 0.5 0.2 0.5"}, r"a\.txt: line 1: found 5 fields, expected 6: class x_centre .* score"),
        ({"a": "2 0.5 0.5 0.2 0.5 0.5"}, r"a\.txt: line 1: unknown class number \(found '2', expected 0\.\.1"),
        ({"a": f"{'9' * 5000} 0.5 0.5 0.2 0.5 0.5"}, r"a\.txt: line 1: unknown class number \(found '9999"),
        ({"a": "", "b": "", "classes": "person\ncar\n"}, r"classes\.txt: other classes than data\.classes"),
        ({"a": "0 0.5 0.5 0.2 0.5 nan"}, r"a\.txt: line 1: nan is not finite"),
        ({"a": "0 0.5 0.5 0.2 0.5 50"}, r"a\.txt: line 1: score out of range \(found 50"),
        ({"a": "0 50 40 20 10 0.5"}, r"a\.txt: line 1: box outside its image"),
        ({"b": "", "a": "", "c": ""}, r"c\.txt: not an image of the data set"),
        ({"a": ""}, r"1 of 2 test images missing: b"),
    ],
)
def test_a_wrong_yolo_file_is_one_line(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_external_boxes(folder_of(tmp_path, **files), data("a", "b"))


def test_our_own_predictions_as_coco_results_score_the_same(tmp_path: Path) -> None:
    draw, of = random.Random(0), data(*(f"{number:05}D" for number in range(12)))
    drawn = []
    for item in of.items:
        for _ in range(20):
            x, y = draw.gauss(10, 3), draw.gauss(10, 3)
            box = (max(x, 0.0), max(y, 0.0), x + draw.gauss(30, 4), y + draw.gauss(30, 4))
            drawn.append(
                Prediction(item.pair.stem, Box(draw.choice(CLASSES), box), draw.choice((0.2, 0.5, draw.random())))
            )
    save_predictions(tmp_path / "ours.json", drawn)
    ours = load_predictions(tmp_path / "ours.json")
    content = [
        {
            "image_id": one.stem,
            "category_id": CLASSES.index(one.box.class_name) + 1,
            "bbox": [*one.box.xyxy[:2], one.box.xyxy[2] - one.box.xyxy[0], one.box.xyxy[3] - one.box.xyxy[1]],
            "score": one.score,
        }
        for one in ours
    ]
    theirs = read(tmp_path, content, of)
    expected, found = (score_detections(of.of("test"), one, CLASSES).scores for one in (ours, theirs))
    assert expected[0].value is not None
    assert 0.1 < expected[0].value < 0.9
    assert [one.value for one in found] == [pytest.approx(one.value, abs=1e-12) for one in expected]
