import numpy as np
import pytest

from downstream.datasets.boxes import Box
from downstream.datasets.yolo_txt import read_yolo_txt, write_yolo_txt
from fusion.errors import InputError
from tests.downstream.datasets.labelled_scenes import CLASSES, OBJECTS, SIZE, yolo_text


def read(tmp_path, text):
    path = tmp_path / "00001.txt"
    path.write_text(text)
    return read_yolo_txt(path, CLASSES, SIZE)


def test_class_numbers_and_fractions_become_names_and_pixels(tmp_path):
    found = read(tmp_path, yolo_text())
    assert [box.class_name for box in found] == [name for name, _ in OBJECTS]
    np.testing.assert_allclose([box.xyxy for box in found], [xyxy for _, xyxy in OBJECTS], atol=1e-9)


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_has_no_boxes(tmp_path, text):
    assert read(tmp_path, text) == []


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    assert read(tmp_path, "\ufeff" + yolo_text().replace("\n", "\r\n")) == read(tmp_path, yolo_text())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1 .5 .5 .1", "line 3: found 4 fields, expected 5: class x_centre y_centre width height"),
        ("1 .5 .5 .1 .1 .9", "line 3: found 6 fields, expected 5"),
        ("3 .5 .5 .1 .1", r"line 3: unknown class number \(found '3', expected 0..2 \(People, Car, Bus\)\)"),
        ("-1 .5 .5 .1 .1", "line 3: unknown class number .found '-1', expected 0..2"),
        ("Car .5 .5 .1 .1", "line 3: unknown class number .found 'Car', expected 0..2"),
        (f"{'1' * 5000} .5 .5 .1 .1", "line 3: unknown class number .found '11111"),
        ("1 .5 x .1 .1", "line 3: could not convert string to float: 'x' .expected finite numbers"),
        ("1 .5 nan .1 .1", "line 3: nan is not finite .expected finite numbers"),
        ("1 20 15 4 3", "line 3: found 20 15 4 3, expected fractions of the image size"),
    ],
)
def test_an_invalid_line_is_reported(tmp_path, line, message):
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, f"0 .5 .5 .1 .1\n\n{line}\n")
    assert str(caught.value).startswith(str(tmp_path / "00001.txt"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_missing_or_binary_file_is_an_input_error(tmp_path, content):
    path = tmp_path / "odd.txt"
    if content:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"odd.txt: cannot be read as text"):
        read_yolo_txt(path, CLASSES, SIZE)


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (1024, 768), (7680, 4320)])
def test_written_boxes_are_read_back_within_a_thousandth_of_a_pixel(tmp_path, size):
    corners = np.sort(np.random.default_rng(0).uniform(0, 1, (200, 2, 2)), axis=1) * size
    boxes = [Box(CLASSES[n % 3], tuple(xy.ravel().tolist())) for n, xy in enumerate(corners)]
    boxes.append(Box("Bus", (0.0, 0.0, float(size[0]), float(size[1]))))
    path = tmp_path / "new_folder" / "a.txt"
    write_yolo_txt(path, boxes, CLASSES, size)
    found = read_yolo_txt(path, CLASSES, size)
    assert [box.class_name for box in found] == [box.class_name for box in boxes]
    np.testing.assert_allclose([box.xyxy for box in found], [box.xyxy for box in boxes], atol=1e-4)


def test_no_boxes_are_written_as_an_empty_file(tmp_path):
    write_yolo_txt(tmp_path / "a.txt", [], CLASSES, SIZE)
    assert (tmp_path / "a.txt").read_bytes() == b""
