"""Whatever a label file contains, its parser returns boxes or raises one InputError of one line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from downstream.datasets.boxes import Box
from downstream.datasets.coco import read_coco
from downstream.datasets.voc import read_voc
from downstream.datasets.yolo_txt import read_yolo_txt, write_yolo_txt
from fusion.errors import InputError
from tests.downstream.datasets.labelled_scenes import SIZE, coco_content, voc_text, yolo_text

CLASSES = ("People", "Car", "Bus", "a <tag> & an entity", "straße 7")
FORMATS = ("voc", "yolo", "coco")
VALID = {"voc": voc_text(), "yolo": yolo_text(), "coco": json.dumps(coco_content(["a", "b"]))}

repeatable = settings(derandomize=True, deadline=None, max_examples=120, database=None)
each_format = pytest.mark.parametrize("label_format", FORMATS)


class Outcome(NamedTuple):
    """What a parser makes of a file: boxes, or the message of the one error that it may raise."""

    path: Path
    boxes: list[Box] | None = None
    message: str = ""


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bytes], Outcome]:
    """Return a function that parses a file; any exception but an InputError passes through it."""
    path = tmp_path_factory.mktemp("labels") / "labels"

    def parse(label_format: str, content: bytes) -> Outcome:
        path.write_bytes(content)
        try:
            if label_format == "voc":
                found = read_voc(path, CLASSES, SIZE)
            elif label_format == "yolo":
                found = read_yolo_txt(path, CLASSES, SIZE)
            else:
                found = [box for boxes in read_coco(path, CLASSES, {"a": SIZE, "b": SIZE}).values() for box in boxes]
        except InputError as error:
            return Outcome(path, message=str(error))
        return Outcome(path, found)

    return parse


def assert_boxes_or_one_error(outcome: Outcome) -> None:
    if outcome.boxes is not None:
        assert {box.class_name for box in outcome.boxes} <= set(CLASSES)
        assert all(math.isfinite(value) for box in outcome.boxes for value in box.xyxy)
    else:
        assert outcome.message.startswith(str(outcome.path))
        assert len(outcome.message.splitlines()) == 1
        assert outcome.message.encode()  # without lone surrogates, so that it can be printed


@each_format
@repeatable
@given(content=st.binary(max_size=200))
def test_any_bytes_give_boxes_or_one_error(read: Any, label_format: str, content: bytes) -> None:
    assert_boxes_or_one_error(read(label_format, content))


@each_format
@repeatable
@given(content=st.text(max_size=200))
def test_any_text_gives_boxes_or_one_error(read: Any, label_format: str, content: str) -> None:
    assert_boxes_or_one_error(read(label_format, content.encode()))


EXTREMES = {
    "deep tags": "<a>" * 100_000 + "</a>" * 100_000,
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "long class number": "1" * 5000 + " .5 .5 .1 .1",
    "long coordinate": "0 .5 .5 .1 " + "1" * 5000,
    "long integer": '{"images": [], "categories": [], "annotations": ' + "1" * 5000 + "}",
    "entities": '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><annotation>&c;</annotation>',
    "line break in a namespace": '<annotation xmlns="a&#10;b"/>',
    "unusual encoding": "<?xml version='1.0' encoding='utf-7'?><annotation/>",
}


@each_format
@pytest.mark.parametrize("name", EXTREMES)
def test_an_extreme_text_gives_boxes_or_one_error(read: Any, label_format: str, name: str) -> None:
    assert_boxes_or_one_error(read(label_format, EXTREMES[name].encode()))


@each_format
@repeatable
@given(start=st.integers(0, 600), length=st.integers(0, 20), inserted=st.binary(max_size=8))
def test_a_damaged_file_gives_boxes_or_one_error(
    read: Any, label_format: str, start: int, length: int, inserted: bytes
) -> None:
    valid = VALID[label_format].encode()
    start %= len(valid)
    assert_boxes_or_one_error(read(label_format, valid[:start] + inserted + valid[start + length :]))


words = st.one_of(
    st.sampled_from(["nan", "-inf", "1e400", "1_0", "٣", "", " ", "\n", *CLASSES]),
    st.floats().map(repr),
    st.integers().map(str),
    st.text(max_size=5),
)


@repeatable
@given(lines=st.lists(st.lists(words, min_size=4, max_size=6).map(" ".join), max_size=4))
def test_any_fields_of_yolo_lines_give_boxes_or_one_error(read: Any, lines: list[str]) -> None:
    assert_boxes_or_one_error(read("yolo", "\n".join(lines).encode()))


tags = st.sampled_from(["object", "name", "bndbox", "xmin", "ymin", "xmax", "ymax", "size", "width", "height", "other"])
elements = st.recursive(
    words.map(lambda word: escape("".join(filter(str.isprintable, word)))),
    lambda inner: st.lists(st.tuples(tags, inner), max_size=6).map(
        lambda items: "".join(f"<{tag}>{content}</{tag}>" for tag, content in items)
    ),
    max_leaves=12,
)


@repeatable
@given(content=elements)
def test_any_tags_in_a_voc_annotation_give_boxes_or_one_error(read: Any, content: str) -> None:
    assert_boxes_or_one_error(read("voc", f"<annotation>{content}</annotation>".encode()))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
numbers = st.floats() | st.integers() | st.just(10**400)
coco_keys = st.sampled_from(
    ["id", "file_name", "width", "height", "name", "image_id", "category_id", "bbox", "iscrowd"]
)


@repeatable
@given(content=json_values)
def test_any_json_gives_boxes_or_one_error(read: Any, content: Any) -> None:
    assert_boxes_or_one_error(read("coco", json.dumps(content).encode()))


@repeatable
@given(
    changes=st.lists(
        st.one_of(
            st.tuples(
                st.sampled_from(["images", "categories", "annotations"]), st.integers(0, 1), coco_keys, json_values
            ),
            st.tuples(st.just("annotations"), st.just(0), st.just("bbox"), st.lists(numbers, min_size=4, max_size=4)),
        ),
        min_size=1,
        max_size=3,
    )
)
@example(changes=[("images", 0, "file_name", "a\nb.png"), ("images", 1, "file_name", "c/a\nb.jpg")])
@example(changes=[("images", 0, "id", "a\nb"), ("images", 0, "file_name", None)])
@example(changes=[("images", 0, "width", "4\n0")])
@example(changes=[("annotations", 0, "id", "a\nb"), ("annotations", 0, "bbox", "a\nb")])
@example(changes=[("annotations", 0, "image_id", "\ud800\n")])
def test_any_value_in_a_coco_record_gives_boxes_or_one_error(
    read: Any, changes: list[tuple[str, int, str, Any]]
) -> None:
    content = coco_content(["a", "b"])
    for kind, number, key, value in changes:
        content[kind][number][key] = value
    assert_boxes_or_one_error(read("coco", json.dumps(content).encode()))


names = st.sampled_from(CLASSES)
coordinates = st.floats(-1e6, 1e6)
intervals = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@repeatable
@given(boxes=st.lists(st.builds(Box, names, st.tuples(*[coordinates] * 4)), max_size=5), sized=st.booleans())
def test_a_written_voc_file_is_read_back_exactly(read: Any, boxes: list[Box], sized: bool) -> None:
    root = ElementTree.Element("annotation")
    if sized:
        size = ElementTree.SubElement(root, "size")
        for tag, value in zip(("width", "height"), SIZE, strict=True):
            ElementTree.SubElement(size, tag).text = f" {value} "
    for box in boxes:
        item = ElementTree.SubElement(root, "object")
        ElementTree.SubElement(item, "name").text = f"\n{box.class_name}\t"
        bounds = ElementTree.SubElement(item, "bndbox")
        for tag, value in zip(("xmin", "ymin", "xmax", "ymax"), box.xyxy, strict=True):
            ElementTree.SubElement(bounds, tag).text = repr(value)
    assert read("voc", ElementTree.tostring(root, encoding="utf-8")).boxes == boxes


@repeatable
@given(boxes=st.lists(st.tuples(names, intervals, intervals), max_size=5), byte_order_mark=st.booleans())
def test_a_written_yolo_file_is_read_back_within_a_thousandth_of_a_pixel(
    read: Any, tmp_path_factory: pytest.TempPathFactory, boxes: list[Any], byte_order_mark: bool
) -> None:
    width, height = SIZE
    expected = [Box(name, (x1 * width, y1 * height, x2 * width, y2 * height)) for name, (x1, x2), (y1, y2) in boxes]
    path = tmp_path_factory.getbasetemp() / "written.txt"
    write_yolo_txt(path, expected, CLASSES, SIZE)
    found = read("yolo", b"\xef\xbb\xbf" * byte_order_mark + path.read_bytes()).boxes
    assert [box.class_name for box in found] == [box.class_name for box in expected]
    for box, same in zip(found, expected, strict=True):
        assert box.xyxy == pytest.approx(same.xyxy, abs=1e-4)


@repeatable
@given(boxes=st.lists(st.tuples(names, st.tuples(*[coordinates] * 4)), max_size=5), crowded=st.booleans())
def test_a_written_coco_file_is_read_back_exactly(read: Any, boxes: list[Any], crowded: bool) -> None:
    categories = [{"id": number, "name": name} for number, name in enumerate(CLASSES, 3)]
    annotations = [
        {"id": k, "image_id": "first", "category_id": 3 + CLASSES.index(name), "bbox": bbox}
        for k, (name, bbox) in enumerate(boxes)
    ]
    if crowded:
        annotations.append({"id": -1, "image_id": "first", "category_id": 3, "bbox": None, "iscrowd": 1})
    images = [{"id": "first", "file_name": "visible\\a.png", "width": SIZE[0], "height": SIZE[1]}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    expected = [Box(name, (x, y, x + width, y + height)) for name, (x, y, width, height) in boxes]
    assert read("coco", json.dumps(content).encode()).boxes == expected
