import json

import numpy as np
import pytest

from downstream.datasets.boxes import LabelFaults
from downstream.datasets.folders import find_pairs
from downstream.datasets.labels import read_labels, require_label_format
from fusion.errors import InputError
from tests.downstream.datasets.labelled_scenes import CLASSES, OBJECTS, SIZE, coco_content, make_folder


def read(root, label_format):
    pairs = find_pairs(root)
    return read_labels(root, label_format, CLASSES, pairs, {pair.stem: SIZE for pair in pairs})


@pytest.mark.parametrize("label_format", ["voc", "yolo", "coco"])
def test_every_format_gives_the_same_boxes_for_the_same_scene(tmp_path, label_format):
    boxes, faults = read(make_folder(tmp_path, ["a", "b"], label_format), label_format)
    assert list(boxes) == ["a", "b"]
    assert faults == LabelFaults()
    for scene in boxes.values():
        assert [box.class_name for box in scene] == [name for name, _ in OBJECTS]
        np.testing.assert_allclose([box.xyxy for box in scene], [xyxy for _, xyxy in OBJECTS], atol=1e-9)


def test_faults_are_counted_over_all_files_and_each_file_is_logged(tmp_path, caplog):
    make_folder(tmp_path, ["a", "b"], "yolo")
    for stem in "ab":
        (tmp_path / "Annotation" / f"{stem}.txt").write_text("1 0.0 .5 .5 .5\n1 1.5 .5 .1 .1\n0 .5 .5 .1 .1\n")
    boxes, faults = read(tmp_path, "yolo")
    assert [len(scene) for scene in boxes.values()] == [2, 2]
    assert faults == LabelFaults(clipped=2, dropped=2)
    assert "Annotation/a.txt: 1 boxes clipped" in caplog.text
    assert "Annotation/b.txt: 1 boxes clipped" in caplog.text


def test_a_clipped_box_of_a_coco_file_is_logged_with_its_image(tmp_path, caplog):
    make_folder(tmp_path, ["a", "b"], "coco")
    content = coco_content(["a", "b"])
    content["annotations"][2]["bbox"] = [39, 1, 5, 5]
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    assert read(tmp_path, "coco")[1] == LabelFaults(clipped=1)
    assert "annotations.json: b: 1 boxes clipped" in caplog.text


def test_only_the_labels_of_the_wanted_pairs_are_read(tmp_path):
    make_folder(tmp_path, ["a", "b"])
    (tmp_path / "Annotation" / "b.xml").write_text("broken")
    boxes, _ = read_labels(tmp_path, "voc", CLASSES, find_pairs(tmp_path), {"a": SIZE})
    assert list(boxes) == ["a"]


@pytest.mark.parametrize(("label_format", "suffix"), [("voc", ".xml"), ("yolo", ".txt")])
def test_an_image_without_label_is_reported(tmp_path, label_format, suffix):
    make_folder(tmp_path, ["a", "b"], label_format)
    (tmp_path / "Annotation" / f"b{suffix}").unlink()
    with pytest.raises(InputError, match=r"Annotation: 1 of 2 stems of .*Vis missing: b"):
        read(tmp_path, label_format)


@pytest.mark.parametrize(("label_format", "suffix"), [("voc", ".xml"), ("yolo", ".txt")])
def test_a_label_without_image_is_reported(tmp_path, label_format, suffix):
    make_folder(tmp_path, ["a", "b"], label_format)
    (tmp_path / "Annotation" / f"c{suffix}").write_text("")
    with pytest.raises(InputError, match=r"Vis: 1 of 3 stems of .*Annotation missing: c"):
        read(tmp_path, label_format)


@pytest.mark.parametrize(
    ("listed", "missing"),
    [("a", "annotations.json: 1 of 2 stems of .*Vis missing: b"), ("abc", "Vis: 1 of 3 .*json missing: c")],
)
def test_images_on_disk_and_in_a_coco_file_must_be_the_same(tmp_path, listed, missing):
    make_folder(tmp_path, ["a", "b"], "coco")
    (tmp_path / "annotations.json").write_text(json.dumps(coco_content(listed)))
    with pytest.raises(InputError, match=missing):
        read(tmp_path, "coco")


def test_labels_of_another_format_are_not_found(tmp_path):
    make_folder(tmp_path, ["a"], "voc")
    with pytest.raises(InputError, match=r"Annotation: no labels found .expected files ending in .txt"):
        read(tmp_path, "yolo")


def test_an_unknown_format_is_suggested_and_listed():
    with pytest.raises(
        InputError, match=r"unknown label format 'yolov8'. Did you mean 'yolo'\? Known: coco, voc, yolo"
    ):
        require_label_format("yolov8")
