import json
from dataclasses import replace

import pytest

from downstream.datasets.boxes import Box
from downstream.datasets.coco import read_coco
from fusion.errors import InputError
from tests.downstream.datasets.labelled_scenes import CLASSES, OBJECTS, SIZE, coco_content

SCENE = [Box(name, xyxy) for name, xyxy in OBJECTS]


def read(tmp_path, content):
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps(content))
    return read_coco(path, CLASSES, {"a": SIZE, "b": SIZE})


def test_boxes_are_found_by_image_stem_and_category_name(tmp_path):
    assert read(tmp_path, coco_content(["a", "b"])) == {"a": SCENE, "b": SCENE}


def test_an_image_without_annotations_has_no_boxes(tmp_path):
    assert read(tmp_path, {**coco_content(["a"]), "annotations": []}) == {"a": []}


def test_crowds_and_ignored_objects_are_marked(tmp_path):
    content = coco_content(["a"])
    content["annotations"][0]["iscrowd"] = 1
    content["annotations"][1]["ignore"] = 1
    assert read(tmp_path, content) == {"a": [replace(SCENE[0], ignore="crowd"), replace(SCENE[1], ignore="difficult")]}


def test_a_stated_size_is_optional(tmp_path):
    content = coco_content(["a"])
    del content["images"][0]["width"]
    assert read(tmp_path, content) == {"a": SCENE}


def test_windows_paths_have_the_same_stem(tmp_path):
    content = coco_content(["a"])
    content["images"][0]["file_name"] = "Vis\\a.png"
    assert read(tmp_path, content) == {"a": SCENE}


@pytest.mark.parametrize(
    ("kind", "key", "value", "message"),
    [
        ("images", "file_name", None, "image 50: no 'file_name'"),
        ("images", "id", 51, "image id 51 is repeated"),
        ("images", "file_name", "Ir/b.jpg", "image 'Vis/b.png': stem 'b' is repeated"),
        ("images", "width", 41, r"size of 'Vis/a.png' differs .*\(found 41x30, expected 40x30\)"),
        ("categories", "name", None, "category 1: no 'name'"),
        ("annotations", "image_id", 7, r"annotation 0: unknown image_id 7 \(expected one that the file lists\)"),
        ("annotations", "category_id", 7, r"annotation 0: unknown category_id 7 \(expected one that the file lists\)"),
        ("annotations", "category_id", None, "annotation 0: no 'category_id'"),
        ("annotations", "category_id", 2, "annotation 0: unknown class 'Unused'"),
        ("annotations", "bbox", None, "annotation 0: no 'bbox'"),
        (
            "annotations",
            "bbox",
            [1, 2, 3],
            r"annotation 0: invalid bbox \(found \[1, 2, 3\], expected four finite numbers",
        ),
        ("annotations", "bbox", [1, 2, 3, float("nan")], "expected four finite numbers"),
        ("annotations", "bbox", [1, 2, 3, None], "expected four finite numbers"),
        ("annotations", "bbox", 5, "expected four finite numbers"),
        ("annotations", "bbox", "1234", "expected four finite numbers"),
        ("annotations", "bbox", [1, 2, 10**400, 3], "expected four finite numbers"),
        ("annotations", "bbox", [1e308, 2, 1e308, 3], "expected four finite numbers"),
    ],
)
def test_an_invalid_record_is_reported_in_one_line(tmp_path, kind, key, value, message):
    content = coco_content(["a", "b"])
    content[kind][0][key] = value
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, content)
    assert str(caught.value).startswith(str(tmp_path / "annotations.json"))
    assert "\n" not in str(caught.value)


def test_a_category_of_other_case_is_unknown_and_the_right_one_suggested(tmp_path):
    content = coco_content(["a"])
    content["categories"][3]["name"] = "people"
    with pytest.raises(InputError, match=r"annotation 1: unknown class 'people'. Did you mean 'People'\?"):
        read(tmp_path, content)


@pytest.mark.parametrize("content", [[], {}, {"images": 3}, {"images": [3]}, {"images": []}])
def test_json_that_is_not_coco_is_an_input_error(tmp_path, content):
    with pytest.raises(InputError, match="expected a COCO file with images, categories and annotations"):
        read(tmp_path, content)


def test_a_file_that_is_not_json_is_an_input_error(tmp_path):
    (tmp_path / "annotations.json").write_text("<annotation/>")
    with pytest.raises(InputError, match=r"annotations.json: cannot be read as JSON"):
        read_coco(tmp_path / "annotations.json", CLASSES, {})
