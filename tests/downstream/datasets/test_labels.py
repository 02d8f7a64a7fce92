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


def test_an_image_without_voc_label_is_reported(tmp_path):
    make_folder(tmp_path, ["a", "b"], "voc")
    (tmp_path / "Annotation" / "b.xml").unlink()
    with pytest.raises(InputError, match=r"Annotation: 1 of 2 stems of .*Vis missing: b"):
        read(tmp_path, "voc")


def test_an_image_without_yolo_label_is_background(tmp_path):
    make_folder(tmp_path, ["a", "b"], "yolo")
    (tmp_path / "Annotation" / "b.txt").unlink()
    boxes, faults = read(tmp_path, "yolo")
    assert [len(scene) for scene in boxes.values()] == [len(OBJECTS), 0]
    assert faults == LabelFaults(unlabelled=1)


def test_the_class_list_that_a_tool_leaves_among_yolo_labels_is_left_out_if_it_is_that_of_the_data(tmp_path):
    make_folder(tmp_path, ["a"], "yolo")
    (tmp_path / "Annotation" / "classes.txt").write_text("\n".join(name.upper() for name in CLASSES))
    assert len(read(tmp_path, "yolo")[0]["a"]) == len(OBJECTS)
    (tmp_path / "Annotation" / "classes.txt").write_text("Car\nBus\nPeople\n")
    with pytest.raises(InputError, match=r"classes\.txt: other classes .*Try: data\.classes=Car,Bus,People"):
        read(tmp_path, "yolo")


def test_boxes_that_stand_twice_count_once(tmp_path, caplog):
    make_folder(tmp_path, ["a"], "yolo")
    path = tmp_path / "Annotation" / "a.txt"
    path.write_text(path.read_text() * 2)
    boxes, faults = read(tmp_path, "yolo")
    assert len(boxes["a"]) == len(OBJECTS)
    assert faults == LabelFaults(repeated=len(OBJECTS))
    assert "2 repeated ones dropped" in caplog.text


def test_an_outline_is_read_as_the_box_around_it(tmp_path):
    make_folder(tmp_path, ["a"], "yolo")
    (tmp_path / "Annotation" / "a.txt").write_text("1 .1 .2 .35 .2 .35 .7 .2 .75\n")
    (box,) = read(tmp_path, "yolo")[0]["a"]
    np.testing.assert_allclose(box.xyxy, (4, 6, 14, 22.5))


def test_fractions_where_pixels_are_expected_are_refused(tmp_path):
    make_folder(tmp_path, ["a"], "voc")
    path = tmp_path / "Annotation" / "a.xml"
    for value in ("4.0", "6.0", "14.0", "21.0", "20.5", "3.25", "26.0", "29.0"):
        path.write_text(path.read_text().replace(f">{value}<", f">0.{value.replace('.', '')}<"))
    with pytest.raises(InputError, match="boxes look like fractions of the image size"):
        read(tmp_path, "voc")


def test_what_several_tools_write_into_voc_files_is_understood(tmp_path, caplog):
    make_folder(tmp_path, ["a"], "voc")
    path = tmp_path / "Annotation" / "a.xml"
    text = path.read_text().replace("<width>40</width><height>30</height>", "<width>0</width><height>0</height>")
    text = text.replace("<object>", "<objects><object>", 1).replace("</annotation>", "</objects></annotation>")
    path.write_text(text.replace("<name>Car</name>", "<name>Car</name><difficult>1</difficult>"))
    boxes, _ = read(tmp_path, "voc")
    assert [(box.class_name, box.ignore) for box in boxes["a"]] == [("Car", "difficult"), ("People", "")]
    assert "labels with a <size> of 0x0" in caplog.text


@pytest.mark.parametrize(("label_format", "suffix"), [("voc", ".xml"), ("yolo", ".txt")])
def test_a_label_without_image_is_reported(tmp_path, label_format, suffix):
    make_folder(tmp_path, ["a", "b"], label_format)
    (tmp_path / "Annotation" / f"c{suffix}").write_text("")
    with pytest.raises(InputError, match=r"Vis: 1 of 3 stems of .*Annotation missing: c"):
        read(tmp_path, label_format)


def test_an_image_that_a_coco_file_does_not_list_is_reported(tmp_path):
    make_folder(tmp_path, ["a", "b"], "coco")
    (tmp_path / "annotations.json").write_text(json.dumps(coco_content("a")))
    with pytest.raises(InputError, match=r"annotations\.json: 1 of 2 stems of .*Vis missing: b"):
        read(tmp_path, "coco")


@pytest.mark.parametrize("place", [".", ".."])
def test_a_coco_file_may_list_images_of_other_splits_stand_beside_them_and_have_a_byte_order_mark(tmp_path, place):
    folder = tmp_path / "train"
    make_folder(folder, ["a", "b"], "coco")
    (folder / "annotations.json").unlink()
    (folder / place / "annotations.json").write_text(json.dumps(coco_content("abc")), encoding="utf-8-sig")
    assert list(read(folder, "coco")[0]) == ["a", "b"]


def test_labels_of_another_format_are_not_found(tmp_path):
    make_folder(tmp_path, ["a"], "voc")
    with pytest.raises(InputError, match=r"Annotation: no labels found .expected files ending in .txt"):
        read(tmp_path, "yolo")


def test_an_unknown_format_is_suggested_and_listed():
    with pytest.raises(
        InputError, match=r"unknown label format 'yolov8'. Did you mean 'yolo'\? Known: coco, voc, yolo"
    ):
        require_label_format("yolov8")
