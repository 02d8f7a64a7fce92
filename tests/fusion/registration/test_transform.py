"""The file of a registration: what is written is read, and everything else is one clear error."""

from __future__ import annotations

import json
import math
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.errors import InputError
from fusion.registration import Registration, load_registration, require_size
from fusion.registration.geometry import enlargement
from fusion.registration.json_values import KINDS
from tests.made_rigs import AFFINE, HOMOGRAPHY, rig

VALID = {
    "model": "affine",
    "matrix": [[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]],
    "infrared_size": [80, 64],
    "visible_size": [160, 128],
    "frame": [0, 0, 160, 128],
}


def load(tmp_path: Path, content: Any) -> Registration:
    path = tmp_path / "registration.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return load_registration(path)


@pytest.mark.parametrize("matrix", [AFFINE, HOMOGRAPHY])
def test_what_is_saved_is_loaded(tmp_path: Path, matrix: np.ndarray) -> None:
    measured = {"used": 18, "given": 20, "residual_median": 0.31, "residual_95": 1.2, "date": "2026-12-01"}
    registration = rig(matrix, **measured, commit="1b470c1")
    registration.save(tmp_path / "new" / "registration.json")
    assert load_registration(tmp_path / "new" / "registration.json") == registration


def test_what_decides_is_kept_without_how_it_was_measured() -> None:
    registration = rig(HOMOGRAPHY, used=18, given=20, residual_median=0.31, date="2026-12-01")
    again = Registration.from_json(json.loads(json.dumps(registration.to_json())))
    assert again == rig(HOMOGRAPHY)
    assert again.digest == registration.digest


def test_the_digest_changes_with_all_that_decides() -> None:
    x, y = (1.830000001, 0.06, 4.3), (-0.05, 1.87, 3.6)
    changed = [
        rig(matrix=np.array([x, y, [0, 0, 1]])),
        rig(frame=(10, 10, 50, 50)),
        rig(infrared_size=(81, 64), frame=rig().frame),
        rig(visible_size=(161, 128), frame=rig().frame),
        rig(model="homography"),
    ]
    assert len({rig().digest, *(one.digest for one in changed)}) == 6


def test_a_minimal_file_is_enough(tmp_path: Path) -> None:
    registration = load(tmp_path, VALID)
    assert (registration.size, registration.used, registration.residual_median) == ((160, 128), 0, None)
    assert enlargement(registration.array, registration.infrared_size) == 2


def test_to_frame_counts_from_the_corner_of_the_frame() -> None:
    registration = rig(frame=(30, 20, 60, 50))
    assert np.allclose(registration.to_frame @ (4, 5, 1), AFFINE @ (4, 5, 1) - (30, 20, 0))


def matrix(*rows: list[Any]) -> dict[str, Any]:
    return {"matrix": list(rows)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "rigid"}, "unknown model of registration 'rigid'. Known: affine, homography"),
        ({"model": 3}, "model: wrong type (found 3, expected a text)"),
        (matrix([1, 0, 0], [2, 0, 0], [0, 0, 1]), "matrix: singular or mirrored (found area"),
        (matrix([-1, 0, 90], [0, 1, 0], [0, 0, 1]), "matrix: singular or mirrored (found area"),
        (matrix([math.nan, 0, 0], [0, 1, 0], [0, 0, 1]), "matrix: not a transform (found [[nan, 0.0, 0.0]"),
        (matrix([math.inf, 0, 0], [0, 1, 0], [0, 0, 1]), "matrix: not a transform (found [[inf, 0.0, 0.0]"),
        (matrix([10**400, 0, 0], [0, 1, 0], [0, 0, 1]), "matrix: not a transform (found a number that is too large)"),
        (matrix(["1", 0, 0], [0, 1, 0], [0, 0, 1]), "matrix: wrong type (found [['1', 0, 0], [0, 1, 0], [0, 0, 1]]"),
        (matrix([True, 0, 0], [0, 1, 0], [0, 0, 1]), "matrix: wrong type (found [[True, 0, 0]"),
        (
            matrix([1, 0, 0], [0, 1, 0]),
            "matrix: wrong type (found [[1, 0, 0], [0, 1, 0]], expected three rows of three",
        ),
        (matrix([1, 0], [0, 1, 0], [0, 0, 1]), "matrix: wrong type"),
        (matrix([1, 0, 0], [0, 1, 0], [1e-3, 0, 1]), "matrix: not affine (found last row [0.001, 0.0, 1.0]"),
        ({"model": "homography", **matrix([1, 0, 0], [0, 1, 0], [-0.1, 0, 1])}, "matrix: sends a part of the infrared"),
        ({"infrared_size": [80]}, "infrared_size: not a size (found [80], expected width and height"),
        ({"visible_size": [160, 0]}, "visible_size: not a size (found [160, 0]"),
        ({"visible_size": [160.5, 128]}, "visible_size: not a size (found [160.5, 128]"),
        ({"infrared_size": ["80", "64"]}, "infrared_size: wrong type (found ['80', '64'], expected a list of numbers)"),
        ({"infrared_size": "80x64"}, "infrared_size: wrong type (found '80x64'"),
        (
            {"frame": [0, 0, 161, 128]},
            "frame: not inside the visible image (found [0, 0, 161, 128], expected left, top",
        ),
        ({"frame": [-1, 0, 9, 9]}, "frame: not inside the visible image"),
        ({"frame": [0, 0, 0, 9]}, "frame: not inside the visible image"),
        ({"frame": [0, 0, 9]}, "frame: not inside the visible image"),
        ({"used": "18"}, "used: wrong type (found '18', expected a whole number)"),
        ({"residual_95": "1.2"}, "residual_95: wrong type (found '1.2', expected a number of pixels or null)"),
        ({"matrices": []}, "not a registration (found one with 'matrices'; expected model, matrix, infrared_size"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_file_and_value(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=re.escape(f"{tmp_path / 'registration.json'}: {message}")) as error:
        load(tmp_path, {**VALID, **change})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", VALID)
def test_a_missing_value_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=rf"not a registration \(found one without {name}; expected model, matrix"):
        load(tmp_path, {key: value for key, value in VALID.items() if key != name})


@pytest.mark.parametrize("content", [[], "a", 3, None])
def test_another_kind_of_json_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(
        InputError, match=r"registration.json: not a registration \(found a \w+, expected a file of python"
    ):
        load(tmp_path, content)


def test_a_file_that_is_missing_or_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json: cannot be read as JSON"):
        load_registration(tmp_path / "none.json")
    (tmp_path / "image.json").write_bytes(b"\x89PNG\xff")
    with pytest.raises(InputError, match=r"image\.json: cannot be read as JSON"):
        load_registration(tmp_path / "image.json")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        load_registration(tmp_path)


def test_the_kind_of_every_value_is_known() -> None:
    assert set(KINDS) == {one.name for one in fields(Registration)}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=10,
)


@settings(derandomize=True, deadline=None, max_examples=150, database=None)
@given(st.dictionaries(st.sampled_from([*VALID, "used", "residual_95", "date", "more"]), json_values, max_size=3))
def test_any_values_give_a_registration_or_one_clear_error(change: dict[str, Any]) -> None:
    message = "a registration"
    try:
        Registration.from_json({**VALID, **change})
    except InputError as error:
        message = str(error)
    assert len(message.splitlines()) == 1


def test_an_image_of_another_size_is_named_with_both_sizes() -> None:
    require_size("a.png", (80, 64), (80, 64))
    message = "a.png: size differs from that of the registration (found 80x64, expected 64x80). Try: python tools/"
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        require_size("a.png", (80, 64), (64, 80))
