import os
import shutil

import numpy as np
import pytest

from downstream.datasets.detection_data import read_detection_data
from downstream.datasets.yolo_txt import read_yolo_txt
from downstream.detection.yolo_data import write_yolo_data
from fusion.errors import InputError
from tests.downstream.datasets.labelled_scenes import CLASSES, SIZE, make_folder, write_blank

STEMS = [f"{number:05d}" for number in range(10)]


@pytest.fixture
def data(tmp_path):
    for stem in STEMS:
        write_blank(tmp_path / "fused" / f"{stem}.png")
    return read_detection_data(make_folder(tmp_path / "data", STEMS), "voc", CLASSES, "random", seed=1)


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_item_has_its_image_and_its_boxes_in_its_split(tmp_path, data):
    out = tmp_path / "out"
    assert write_yolo_data(out, data, tmp_path / "fused") == out / "data.yaml"
    expected = {f"images/{item.split}/{item.pair.stem}.png" for item in data.items}
    expected |= {f"labels/{item.split}/{item.pair.stem}.txt" for item in data.items}
    assert files(out).keys() == expected | {"data.yaml"}
    for item in data.items:
        found = read_yolo_txt(out / "labels" / item.split / f"{item.pair.stem}.txt", CLASSES, SIZE)
        assert [box.class_name for box in found] == [box.class_name for box in item.boxes]
        np.testing.assert_allclose([b.xyxy for b in found], [b.xyxy for b in item.boxes], atol=1e-3)


def test_the_yaml_names_folders_beside_it_and_classes_by_number(tmp_path, data):
    text = write_yolo_data(tmp_path / "out", data, tmp_path / "fused").read_text()
    assert text == (
        'train: images/train\nval: images/val\ntest: images/test\nnames:\n  0: "People"\n  1: "Car"\n  2: "Bus"\n'
    )


def test_without_val_split_the_test_images_are_named_as_val(tmp_path, data):
    (tmp_path / "train.txt").write_text("\n".join(STEMS[:8]))
    (tmp_path / "test.txt").write_text("\n".join(STEMS[8:]))
    data = read_detection_data(tmp_path / "data", "voc", CLASSES, str(tmp_path), seed=1)
    text = write_yolo_data(tmp_path / "out", data, tmp_path / "fused").read_text()
    assert "val: images/test\n" in text
    assert not (tmp_path / "out" / "images" / "val").exists()


def test_images_are_linked_also_when_the_fused_ones_are_symbolic_links(tmp_path, data):
    (tmp_path / "links").mkdir()
    for stem in STEMS:
        (tmp_path / "links" / f"{stem}.png").symlink_to(f"../fused/{stem}.png")
    write_yolo_data(tmp_path / "out", data, tmp_path / "links")
    (image,) = (tmp_path / "out" / "images" / "test").iterdir()
    assert not image.is_symlink()
    assert image.samefile(tmp_path / "fused" / image.name)


def test_images_are_copied_where_links_cannot_be_made(tmp_path, data, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("no links on this disk")

    monkeypatch.setattr(os, "link", refuse)
    write_yolo_data(tmp_path / "out", data, tmp_path / "fused")
    (image,) = (tmp_path / "out" / "images" / "test").iterdir()
    assert not image.samefile(tmp_path / "fused" / image.name)
    assert image.read_bytes() == (tmp_path / "fused" / image.name).read_bytes()


def test_a_second_call_repairs_what_a_first_left_behind(tmp_path, data):
    write_yolo_data(tmp_path / "whole", data, tmp_path / "fused")
    out = tmp_path / "out"
    write_yolo_data(out, data, tmp_path / "fused")
    (out / "data.yaml").unlink()
    shutil.rmtree(out / "labels" / "train")
    stray, *_ = (out / "images" / "train").iterdir()
    stray.rename(out / "images" / "test" / stray.name)
    write_yolo_data(out, data, tmp_path / "fused")
    assert files(out) == files(tmp_path / "whole")


def test_an_image_fused_again_replaces_the_old_one(tmp_path, data):
    write_yolo_data(tmp_path / "out", data, tmp_path / "fused")
    stem = data.of("test")[0].pair.stem
    (tmp_path / "fused" / f"{stem}.png").unlink()  # as an atomic write does
    shutil.copy(tmp_path / "data" / "Ir" / f"{stem}.png", tmp_path / "fused" / f"{stem}.png")
    write_yolo_data(tmp_path / "out", data, tmp_path / "fused")
    assert (tmp_path / "out" / "images" / "test" / f"{stem}.png").samefile(tmp_path / "fused" / f"{stem}.png")


def test_the_fused_images_are_never_changed(tmp_path, data):
    before = files(tmp_path / "fused")
    write_yolo_data(tmp_path / "out", data, tmp_path / "fused")
    write_yolo_data(tmp_path / "out", data, tmp_path / "fused")
    assert files(tmp_path / "fused") == before


def test_a_missing_fused_image_is_reported_before_anything_is_written(tmp_path, data):
    (tmp_path / "fused" / "00009.png").unlink()
    with pytest.raises(InputError, match=r"fused/00009.png: no such fused image \(expected one for every pair"):
        write_yolo_data(tmp_path / "out", data, tmp_path / "fused")
    assert not (tmp_path / "out").exists()


def test_a_fused_image_of_another_size_is_reported(tmp_path, data):
    write_blank(tmp_path / "fused" / "00009.png", (20, 15))
    with pytest.raises(
        InputError, match=r"fused/00009.png: size differs from its pair \(found 20x15, expected 40x30\)"
    ):
        write_yolo_data(tmp_path / "out", data, tmp_path / "fused")


def test_an_unwritable_folder_is_an_input_error(tmp_path, data):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match=r"out: cannot be written \(Not a directory\)"):
        write_yolo_data(tmp_path / "out", data, tmp_path / "fused")
