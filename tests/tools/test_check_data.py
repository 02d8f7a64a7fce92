"""The tool that looks at a data folder, as a user runs it: from another folder, on good and on spoilt data."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from fusion.registration.geometry import scaling
from pipelines.sample import write_sample
from tests.made_rigs import rig
from tests.run_tool import Done, as_process, in_process


def check(cwd: Path, *arguments: str) -> Done:
    return in_process("check_data.py", *arguments, cwd=cwd)


@pytest.fixture
def m3fd(tmp_path: Path) -> Path:
    write_sample(tmp_path / "m3fd", 8, 3, size=(160, 128))
    return tmp_path


@pytest.fixture
def msrs(tmp_path: Path) -> Path:
    write_sample(tmp_path / "msrs", 8, 3, size=(160, 128), layout="msrs")
    return tmp_path


def test_detection_data_is_counted_and_usable(m3fd: Path) -> None:
    done = as_process("check_data.py", "m3fd_detect", "m3fd", "data.split=m3fd/splits", cwd=m3fd)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1:4] == ["train: 8 pairs", "test: 3 pairs", "sizes: 11 of 160x128"]
    header = next(k for k, line in enumerate(lines) if line.startswith("class (boxes)"))
    counts = {line.split()[0]: line.split()[1:] for line in lines[header + 1 : header + 7]}
    assert set(counts) == {"People", "Car", "Bus", "Motorcycle", "Lamp", "Truck"}
    boxes = sum(path.read_text().count("<object>") for path in (m3fd / "m3fd" / "Annotation").iterdir())
    assert sum(int(count) for line in counts.values() for count in line) == boxes
    assert "leakage: 33.3% of test frames" in done.stdout
    assert lines[-1] == "usable"


def test_masks_are_counted_by_pixel_and_the_validation_part_is_shown(msrs: Path) -> None:
    done = check(msrs, "msrs_segment", "msrs")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:4] == ["train: 7 pairs", "val: 1 pairs", "test: 3 pairs"]
    table = [line.split() for line in done.stdout.splitlines() if line.startswith(("background", "car ", "bump"))]
    assert len(table) == 3
    masks = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (msrs / "msrs" / "test").glob("Seg*/*.png")]
    assert int(table[0][-1]) == sum(int((mask == 0).sum()) for mask in masks)


def test_masks_of_0_and_255_are_not_usable_unless_their_levels_are_told(msrs: Path) -> None:
    for path in (msrs / "msrs").glob("*/Seg*/*.png"):
        cv2.imwrite(str(path), np.where(cv2.imread(str(path), cv2.IMREAD_UNCHANGED) > 0, 255, 0).astype(np.uint8))
    done = check(msrs, "msrs_segment", "msrs")
    assert done.returncode == 1
    assert "Try: data.classes=background,NAME data.mask_values=[0,255] if 255 is a class" in done.stdout
    told = check(msrs, "msrs_segment", "msrs", "data.classes=background,thing", "data.mask_values=[0,255]")
    assert told.returncode == 0, told.stdout
    one = check(msrs, "msrs_segment", "msrs", "data.mask_values=[0,255]")
    assert one.stderr.startswith("error: data.mask_values=[0, 255]: wrong number of grey levels (found 2, expected one")


def test_pairs_without_labels_are_enough_for_fusion(m3fd: Path) -> None:
    done = check(m3fd, "fusion_quality", "m3fd")
    assert (done.returncode, done.stdout.splitlines()[1]) == (0, "test: 11 pairs")


def test_test_pairs_without_any_box_are_told(m3fd: Path) -> None:
    for stem in (m3fd / "m3fd" / "splits" / "test.txt").read_text().split():
        path = m3fd / "m3fd" / "Annotation" / f"{stem}.xml"
        path.write_text(re.sub("<object>.*</object>", "", path.read_text(), flags=re.DOTALL))
    done = check(m3fd, "m3fd_detect", "m3fd", "data.split=m3fd/splits")
    assert "warning: no box in the test pairs: their scores are undefined" in done.stdout


def test_every_fault_is_reported_not_only_the_first(m3fd: Path) -> None:
    (m3fd / "m3fd" / "Vis" / "00001.png").unlink()
    (m3fd / "m3fd" / "Ir" / "00002.png").write_bytes(b"no image")
    cv2.imwrite(str(m3fd / "m3fd" / "Vis" / "00003.png"), np.zeros((10, 20, 3), np.uint8))
    label = m3fd / "m3fd" / "Annotation" / "00004.xml"
    label.write_text(label.read_text().replace("<name>", "<name>Flying"))
    done = check(m3fd, "m3fd_detect", "m3fd", "data.split=random")
    assert done.returncode == 1
    parts = ("Vis: 1 stems of", "missing: 00001", "00002.png: not an image", "20x10", "00004.xml")
    for part in (*parts, "unknown class 'Flying"):
        assert part in done.stdout, done.stdout
    assert "NOT usable" in done.stdout


SPOILS: dict[str, tuple[Callable[[Path], object], str]] = {
    "number": (
        lambda mask: cv2.imwrite(str(mask), np.full((128, 160), 9, np.uint8)),
        "unknown classes (found 9; expected class numbers 0..8 (background, car,",
    ),
    "colours": (
        lambda mask: cv2.imwrite(str(mask), np.full((128, 160, 3), (9, 8, 7), np.uint8)),
        "a colour image (found mode RGB with colours (7, 8, 9); expected class numbers 0..8 (background, car,",
    ),
    "size": (
        lambda mask: cv2.imwrite(str(mask), np.zeros((64, 80), np.uint8)),
        "size differs from its images (found 80x64, expected 160x128)",
    ),
    "missing": (lambda mask: mask.unlink(), "1 stems of"),
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_an_invalid_mask_is_reported_with_what_was_found(msrs: Path, spoil: str) -> None:
    mask = next((msrs / "msrs" / "train" / "Segmentation_labels").iterdir())
    act, part = SPOILS[spoil]
    act(mask)
    done = check(msrs, "msrs_segment", "msrs")
    assert done.returncode == 1
    assert mask.stem in done.stdout
    assert part in done.stdout


def test_a_test_image_that_is_also_in_training_is_reported(msrs: Path) -> None:
    test = next((msrs / "msrs" / "test" / "vi").iterdir())
    first = min((msrs / "msrs" / "train" / "vi").iterdir())
    first.write_bytes(test.read_bytes())
    assert (
        f"copies: 1 test images are also in training, first {test.stem}" in check(msrs, "msrs_segment", "msrs").stdout
    )


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("msrs_segment", "nowhere"), "get the data from github.com/Linfeng-Tang/MSRS"),
        (("m3fd", "nowhere"), "'m3fd_detect'"),
        (("m3fd_detect", ".", "data.lable=voc"), "'data.labels'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], part: str) -> None:
    done = check(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert part in done.stderr


def test_folds_are_shown_with_their_classes_and_their_leakage(m3fd: Path) -> None:
    done = check(m3fd, "m3fd_detect", "m3fd", "data.split=m3fd/splits", "data.folds=2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:3] == ["fold 1: 6 pairs", "fold 2: 5 pairs"]
    assert "class (boxes)  fold 1  fold 2" in done.stdout
    assert "leakage: 18.2% of test frames" in done.stdout  # the two at the cut, of eleven


def test_folds_that_cannot_be_cut_are_a_fault(m3fd: Path) -> None:
    done = check(m3fd, "m3fd_detect", "m3fd", "data.split=m3fd/splits", "data.folds=2", "data.groups=drive")
    assert done.returncode == 1
    assert "data.groups='drive': names no group in 11 of 11 images" in done.stdout


def test_registered_pairs_and_labels_are_judged(m3fd: Path) -> None:
    for path in (m3fd / "m3fd" / "Ir").iterdir():
        assert cv2.imwrite(str(path), cv2.resize(cv2.imread(str(path)), (80, 64), interpolation=cv2.INTER_AREA))
    arguments = ("m3fd_detect", "m3fd", "data.split=m3fd/splits")
    done = check(m3fd, *arguments)
    assert done.returncode == 1
    assert "expected a registered pair of one size). Try: python tools/register_pairs.py" in done.stdout
    rig(scaling(2, 2), (80, 64), frame=(20, 20, 20, 100)).save(m3fd / "rig.json")
    done = check(m3fd, *arguments, "data.registration=rig.json")
    assert done.returncode == 0, done.stdout
    assert "sizes: 11 of 20x100" in done.stdout
    boxes = sum(path.read_text().count("<object>") for path in (m3fd / "m3fd" / "Annotation").iterdir())
    lost = int(re.search(r"warning: (\d+) boxes have less than a pixel in the frame and are left out", done.stdout)[1])
    counted = re.findall(r"^(?:People|Car|Bus|Motorcycle|Lamp|Truck) +(\d+) +(\d+)$", done.stdout, re.MULTILINE)
    assert 0 < lost == boxes - sum(int(one) + int(other) for one, other in counted)
    wrong = check(m3fd, *arguments, "data.registration=rig.json", "data.labels_from=infrared")
    assert "<size> differs from the image (found 160x128, expected 80x64)" in wrong.stdout
