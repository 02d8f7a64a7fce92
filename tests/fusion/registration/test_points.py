"""Tests of transforms from marked points."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.errors import InputError
from fusion.registration import fit_points
from fusion.registration.geometry import transform_points
from fusion.registration.points import COLUMNS

INFRARED, VISIBLE = (320, 256), (640, 480)
AFFINE = np.array([[1.8, 0.05, 12.0], [-0.04, 1.7, 20.0], [0, 0, 1]])
HOMOGRAPHY = np.array([[1.8, 0.05, 12.0], [-0.04, 1.7, 20.0], [1e-4, 2e-4, 1]])
HEAD = ",".join(COLUMNS)


def write(path: Path, rows: object, head: str = HEAD) -> Path:
    lines = [head, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows_of(matrix: np.ndarray, count: int = 12, noise: float = 0) -> np.ndarray:
    rng = np.random.default_rng(0)
    infrared = rng.uniform((0, 0), (300, 240), (count, 2))
    visible = transform_points(matrix, infrared) + rng.normal(0, noise or 1e-12, (count, 2))
    return np.hstack([infrared, visible])


@pytest.mark.parametrize(("model", "matrix"), [("affine", AFFINE), ("homography", HOMOGRAPHY)])
def test_exact_points_give_their_transform(tmp_path: Path, model: str, matrix: np.ndarray) -> None:
    found = fit_points(write(tmp_path / "p.csv", rows_of(matrix)), model, INFRARED, VISIBLE)
    assert np.allclose(found.matrix, matrix, atol=1e-4)
    assert found.used.all()
    assert found.residuals.max() < 1e-3


def test_points_that_somebody_clicked_wrongly_are_left_out(tmp_path: Path) -> None:
    rows = rows_of(AFFINE, noise=0.3)
    rows[[2, 7], 2:] = (300, 300), (10, 400)
    found = fit_points(write(tmp_path / "p.csv", rows), "affine", INFRARED, VISIBLE)
    assert np.flatnonzero(~found.used).tolist() == [2, 7]
    corners = np.array([[0, 0], [319, 0], [0, 255], [319, 255]], float)
    off = transform_points(found.matrix, corners) - transform_points(AFFINE, corners)
    assert np.linalg.norm(off, axis=1).max() < 1.5
    assert len(found.residuals) == 10


def test_points_that_only_a_minority_agrees_with_are_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = rng.uniform((0, 0, 0, 0), (319, 255, 639, 479), (12, 4))
    with pytest.raises(InputError, match=r"p\.csv: the points agree with no affine .*of 12 .*expected at least 7"):
        fit_points(write(tmp_path / "p.csv", rows), "affine", INFRARED, VISIBLE)
    good = rows_of(AFFINE)[:4]
    good[3, 2:] = 5, 470
    with pytest.raises(InputError, match=r"found 3 of 4 .*expected at least 4"):
        fit_points(write(tmp_path / "p.csv", good), "affine", INFRARED, VISIBLE)


def test_as_many_points_as_always_fit_have_no_residual(tmp_path: Path) -> None:
    found = fit_points(write(tmp_path / "p.csv", rows_of(AFFINE)[:3]), "affine", INFRARED, VISIBLE)
    assert np.allclose(found.matrix, AFFINE, atol=1e-4)
    assert not len(found.residuals)


def test_a_mirrored_image_is_refused_with_the_name_of_its_file(tmp_path: Path) -> None:
    mirror = np.array([[-1.8, 0, 600], [0, 1.7, 20.0], [0, 0, 1]])
    with pytest.raises(InputError, match=r"p\.csv: matrix: singular or mirrored"):
        fit_points(write(tmp_path / "p.csv", rows_of(mirror)), "affine", INFRARED, VISIBLE)


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    rows = [(y2, "note", x1, x2, y1) for x1, y1, x2, y2 in rows_of(AFFINE)]
    path = write(tmp_path / "p.csv", rows, " visible_y, what, infrared_x, visible_x, infrared_y")
    assert np.allclose(fit_points(path, "affine", INFRARED, VISIBLE).matrix, AFFINE, atol=1e-4)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no column infrared_x .*found nothing"),
        ("a,b\n1,2\n", "no column infrared_x .*found a, b"),
        (f"{HEAD}\n1,2,3\n", "line 2: visible_y .*no number"),
        (f"{HEAD}\n1,2,3,x\n", "line 2: visible_y .*no number"),
        (f"{HEAD}\n1,2,3,nan\n", "line 2: visible_y .*no number"),
        (f"{HEAD}\n1,2,3,4\n1,2,640,4\n", "line 3: visible_x .*found 640, expected 0 to 639"),
        (f"{HEAD}\n-1,2,3,4\n", "line 2: infrared_x .*found -1"),
        (f"{HEAD}\n1,2,3,4\n5,6,7,8\n", "too few points for model homography .*found 2, expected at least 4"),
        (f"{HEAD}\n1,2,3,4\n\n1,2,640,4\n", "line 4: visible_x"),
        (f"{HEAD}\n" + "".join(f"{i},{i},{i},{i}\n" for i in range(8)), "agree with no homography"),
        (f"{HEAD}\n" + "5,5,9,9\n" * 8, "agree with no homography"),
    ],
)
def test_bad_files_are_one_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        fit_points(path, "homography", INFRARED, VISIBLE)


def test_a_missing_or_binary_file_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path / "binary.csv"):
        if path.stem == "binary":
            path.write_bytes(b"\xff\xfe\x00\x01")
        with pytest.raises(InputError, match=f"{path.name}: cannot be read as text"):
            fit_points(path, "affine", INFRARED, VISIBLE)


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=120), rows=st.lists(st.lists(st.sampled_from(["0", "1", "5", "-3", "nan", "x", "\x00"]))))
def test_any_file_gives_a_transform_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, text: str, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("points") / "p.csv"
    path.write_text(HEAD + "\n" + "\n".join(map(",".join, rows)) + "\n" + text, encoding="utf-8")
    with suppress(InputError):
        assert np.isfinite(fit_points(path, "affine", INFRARED, VISIBLE).matrix).all()
