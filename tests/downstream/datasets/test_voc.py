import re

import pytest

from downstream.datasets.boxes import Box
from downstream.datasets.voc import read_voc
from fusion.errors import InputError
from tests.downstream.datasets.labelled_scenes import CLASSES, OBJECTS, SIZE, voc_text


def read(tmp_path, text):
    path = tmp_path / "00001.xml"
    path.write_text(text)
    return read_voc(path, CLASSES, SIZE)


def test_objects_are_read_in_order_with_coordinates_as_they_are(tmp_path):
    assert read(tmp_path, voc_text()) == [Box(name, xyxy) for name, xyxy in OBJECTS]


def test_the_size_is_optional(tmp_path):
    assert read(tmp_path, re.sub("<size>.*</size>", "", voc_text())) == read(tmp_path, voc_text())


def test_an_annotation_without_objects_has_no_boxes(tmp_path):
    assert read(tmp_path, "<annotation/>") == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("</annotation>", "", r"malformed XML \(.*; expected a VOC <annotation>\)"),
        ("<annotation>", "<?xml version='1.0' encoding='no-such'?><annotation>", "malformed XML"),
        ("annotation>", "html>", r"no VOC file \(found root tag 'html', expected 'annotation'\)"),
        ("<name>Car</name>", "", "object 1: <name> is missing or empty"),
        ("<name>Car</name>", "<name/>", "object 1: <name> is missing or empty"),
        ("<xmin>20.5</xmin>", "", r"object 2: <xmin> is missing or empty \(expected it inside <bndbox>\)"),
        ("bndbox", "box", "object 1: no <bndbox>"),
        (">14.0<", ">wide<", "object 1: <xmax> is invalid .found 'wide', expected a finite number"),
        (">14.0<", ">nan<", "object 1: <xmax> is invalid .found 'nan', expected a finite number"),
        (">14.0<", ">inf<", "object 1: <xmax> is invalid .found 'inf', expected a finite number"),
        (">Car<", ">car<", r"object 1: unknown class 'car'. Did you mean 'Car'\? Known: Bus, Car, People"),
        (">40<", ">41<", r"<size> differs from the image \(found 41x30, expected 40x30\)"),
        ("<height>30</height>", "", "<size>: <height> is missing or empty"),
    ],
)
def test_an_invalid_file_is_reported_in_one_line(tmp_path, old, new, message):
    assert old in voc_text()
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, voc_text().replace(old, new))
    assert str(caught.value).startswith(str(tmp_path / "00001.xml"))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"gone.xml: cannot be read \(No such file"):
        read_voc(tmp_path / "gone.xml", CLASSES, SIZE)
