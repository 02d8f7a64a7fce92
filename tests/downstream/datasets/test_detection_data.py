import json
from collections import Counter

import pytest

from downstream.datasets.boxes import Box, LabelFaults
from downstream.datasets.detection_data import load_detection_data, read_detection_data, save_detection_data
from fusion.errors import InputError
from fusion.images.pairs import Pair
from tests.downstream.datasets.labelled_scenes import (
    CLASSES,
    OBJECTS,
    SHARED,
    SIZE,
    make_folder,
    needs_shared,
    write_blank,
)

STEMS = [f"{number:05d}" for number in range(10)]
M3FD_CLASSES = ("People", "Car", "Bus", "Motorcycle", "Lamp", "Truck")


def counts(data):
    return [len(data.of(split)) for split in ("train", "val", "test")]


def test_one_folder_is_read_and_split(tmp_path):
    data = read_detection_data(make_folder(tmp_path, STEMS), "voc", list(CLASSES), "random", seed=1)
    assert counts(data) == [8, 1, 1]
    assert [item.pair.stem for item in data.items] == STEMS
    assert (data.classes, data.split_name, data.faults) == (CLASSES, "random", LabelFaults())
    assert data.leakage == 1.0
    first = data.items[0]
    assert first.pair == Pair("00000", tmp_path / "Ir" / "00000.png", tmp_path / "Vis" / "00000.png")
    assert (first.width, first.height) == SIZE
    assert first.boxes == tuple(Box(name, xyxy) for name, xyxy in OBJECTS)


@pytest.mark.parametrize("label_format", ["voc", "yolo", "coco"])
def test_train_and_test_folders_are_the_split(tmp_path, label_format):
    names = ("vi", "ir", "labels")
    make_folder(tmp_path / "train", ["00001D", "00003N"], label_format, names)
    make_folder(tmp_path / "test", ["00002D"], label_format, names)
    data = read_detection_data(tmp_path, label_format, CLASSES, "folders", seed=0)
    assert {item.pair.stem: item.split for item in data.items} == {
        "00001D": "train",
        "00002D": "test",
        "00003N": "train",
    }
    assert [item.pair.stem for item in data.items] == ["00001D", "00002D", "00003N"]
    make_folder(tmp_path / "val", ["00009D"], label_format, names)
    assert counts(read_detection_data(tmp_path, label_format, CLASSES, "folders", seed=0)) == [2, 1, 1]


def test_pairs_in_no_list_are_left_out_with_their_labels(tmp_path):
    make_folder(tmp_path / "data", ["a", "b", "c"])
    (tmp_path / "data" / "Annotation" / "c.xml").write_text("broken")
    (tmp_path / "train.txt").write_text("a")
    (tmp_path / "test.txt").write_text("b")
    data = read_detection_data(tmp_path / "data", "voc", CLASSES, str(tmp_path), seed=0)
    assert [item.pair.stem for item in data.items] == ["a", "b"]
    assert data.leakage is None


def test_the_wrong_kind_of_split_for_the_folders_is_an_input_error(tmp_path):
    make_folder(tmp_path / "one", STEMS)
    make_folder(tmp_path / "two" / "train", ["a"])
    make_folder(tmp_path / "two" / "test", ["b"])
    with pytest.raises(InputError, match="no train folder for split=folders"):
        read_detection_data(tmp_path / "one", "voc", CLASSES, "folders", seed=0)
    with pytest.raises(InputError, match=r"found split='random'.\. Try: data\.split=folders"):
        read_detection_data(tmp_path / "two", "voc", CLASSES, "random", seed=0)


def test_an_empty_test_list_is_an_input_error(tmp_path):
    make_folder(tmp_path / "data", ["a", "b"])
    (tmp_path / "train.txt").write_text("a")
    (tmp_path / "test.txt").write_text("\n")
    with pytest.raises(InputError, match=r"data: split '.*' leaves no pair for test \(expected at least one"):
        read_detection_data(tmp_path / "data", "voc", CLASSES, str(tmp_path), seed=0)


def test_one_stem_in_two_folders_is_an_input_error(tmp_path):
    make_folder(tmp_path / "train", ["a", "b"])
    make_folder(tmp_path / "test", ["b"])
    with pytest.raises(InputError, match=r"test/Vis/b.png: same stem as .*train/Vis/b.png \(expected unique stems"):
        read_detection_data(tmp_path, "voc", CLASSES, "folders", seed=0)


def test_two_sizes_in_a_pair_and_an_unknown_format_are_input_errors(tmp_path):
    make_folder(tmp_path, STEMS)
    write_blank(tmp_path / "Vis" / "00004.png", (8, 9))
    with pytest.raises(InputError, match=r"Ir/00004.png: size differs from .*Vis/00004.png \(found 40x30 and 8x9"):
        read_detection_data(tmp_path, "voc", CLASSES, "random", seed=0)
    with pytest.raises(InputError, match="unknown label format 'xml'"):
        read_detection_data(tmp_path, "xml", CLASSES, "random", seed=0)


def test_saved_data_are_loaded_as_they_were(tmp_path):
    data = read_detection_data(make_folder(tmp_path / "data", STEMS, "yolo"), "yolo", CLASSES, "random", seed=1)
    save_detection_data(tmp_path / "data.json", data)
    assert load_detection_data(tmp_path / "data.json") == data


def test_saved_image_paths_are_absolute(tmp_path, monkeypatch):
    make_folder(tmp_path / "data", STEMS)
    monkeypatch.chdir(tmp_path)
    root = (tmp_path / "data").relative_to(tmp_path)
    save_detection_data(tmp_path / "data.json", read_detection_data(root, "voc", CLASSES, "random", seed=1))
    monkeypatch.chdir("/")
    pair = load_detection_data(tmp_path / "data.json").items[0].pair
    assert pair.visible == tmp_path / "data" / "Vis" / "00000.png"
    assert pair.infrared.is_file()


@pytest.mark.parametrize("content", [[], {"items": []}, {"items": [{"stem": "a"}]}])
def test_another_json_file_is_refused(tmp_path, content):
    (tmp_path / "data.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"data.json: not a saved detection data set"):
        load_detection_data(tmp_path / "data.json")


@needs_shared
def test_the_real_m3fd_pairs_are_read():
    root = SHARED / "data" / "M3FD"
    data = read_detection_data(root, "voc", M3FD_CLASSES, "random", seed=0)
    text = "".join(path.read_text() for path in (root / "Annotation").iterdir())
    found = Counter(box.class_name for item in data.items for box in item.boxes)
    assert found == {name: text.count(f"<name>{name}</name>") for name in M3FD_CLASSES if name != "Truck"}
    assert found.total() == text.count("<object>") == 91
    assert counts(data) == [6, 1, 1]
    assert {(item.width, item.height) for item in data.items} == {(1024, 768)}
    assert data.faults == LabelFaults()


@needs_shared
def test_the_real_m3fd_pairs_are_too_few_for_a_published_split():
    with pytest.raises(
        InputError, match=r"3361 of 3368 ids have no image \(00001, 00003, 00005, .*Try: data.split=random"
    ):
        read_detection_data(SHARED / "data" / "M3FD", "voc", M3FD_CLASSES, "scene_blocks", seed=0)


@needs_shared
def test_the_real_msrs_pairs_are_read():
    root, classes = SHARED / "data" / "MSRS", ("person", "bicycle", "car")
    data = read_detection_data(root, "yolo", classes, "folders", seed=0)
    assert counts(data) == [240, 0, 60]
    for split, expected in (("train", [661, 79, 310]), ("test", [77, 15, 81])):
        lines = [line for p in (root / split / "labels").iterdir() for line in p.read_text().splitlines()]
        assert [sum(line.startswith(f"{number} ") for line in lines) for number in range(3)] == expected
        found = Counter(box.class_name for item in data.of(split) for box in item.boxes)
        assert [found[name] for name in classes] == expected
    assert {(item.width, item.height) for item in data.items} == {(640, 480)}
    assert data.faults == LabelFaults()
    assert data.leakage == 0.0
