"""Estimate the transform of a rig from points that somebody has marked in both images."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import cv2
import numpy as np

from fusion.errors import InputError
from fusion.registration.estimate import Estimate
from fusion.registration.geometry import Size, transform_points
from fusion.registration.transform import require_matrix

COLUMNS = ("infrared_x", "infrared_y", "visible_x", "visible_y")
_NEEDED = {"affine": 3, "homography": 4}
_OUTLIER = 0.005  # of the longer side of the visible image: 3.2 pixels of 640
_TRIALS, _CONFIDENCE = 10_000, 0.9999


def fit_points(path: Path, model: str, infrared_size: Size, visible_size: Size) -> Estimate:
    """Fit a transform to pairs of points, and leave out those that do not agree with most others (RANSAC).

    Args:
        path: a CSV file with the columns infrared_x, infrared_y, visible_x and visible_y, in pixels, where (0, 0) is
            the centre of the first pixel; one row for each point, from any pair of the rig.
        model: "affine" or "homography".
        infrared_size: width and height in pixels.
        visible_size: likewise.

    Returns:
        The transform, which points are used, and their distances from it, none where any points would have fitted;
        correlations are empty.

    Raises:
        InputError: the file cannot be read, a value is no number or outside its image, or the points are too few, on
            one line, or agree with no transform.
    """
    rows = _read(path, infrared_size, visible_size)
    points = np.array(rows).reshape(-1, 4)
    infrared, visible = np.ascontiguousarray(points[:, :2]), np.ascontiguousarray(points[:, 2:])
    needed, threshold = _NEEDED[model], _OUTLIER * max(visible_size)
    if len(points) < needed:
        raise InputError(f"{path}: too few points for model {model} (found {len(points)}, expected at least {needed})")
    if model == "affine":
        found, used = cv2.estimateAffine2D(
            infrared, visible, None, cv2.RANSAC, threshold, maxIters=_TRIALS, confidence=_CONFIDENCE
        )
        matrix = None if found is None else np.vstack([found, [0, 0, 1]])
    else:
        matrix, used = cv2.findHomography(
            infrared, visible, cv2.RANSAC, threshold, maxIters=_TRIALS, confidence=_CONFIDENCE
        )
    agreeing = 0 if matrix is None or not np.isfinite(matrix).all() else int(used.sum())
    enough = max(needed + (len(points) > needed), len(points) // 2 + 1)  # any three points have an affine transform
    if matrix is None or agreeing < enough:
        raise InputError(
            f"{path}: the points agree with no {model} transform (found {agreeing} of {len(points)} that do, expected "
            f"at least {enough}, not on one line, which mark the same spots in both images)"
        )
    matrix = matrix / matrix[2, 2]
    try:
        require_matrix(matrix, model, infrared_size)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    agree = used.ravel().astype(bool)
    residuals = np.linalg.norm(transform_points(matrix, infrared[agree]) - visible[agree], axis=1)
    return Estimate(matrix, agree, residuals if agreeing > needed else np.empty(0), np.empty(0))


def _read(path: Path, infrared_size: Size, visible_size: Size) -> list[list[float]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as text ({error})") from error
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    try:
        reader.fieldnames = names = [name.strip() for name in reader.fieldnames or ()]
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV file ({error})") from error
    if missing := [name for name in COLUMNS if name not in names]:
        found = ", ".join(names) or "nothing"
        raise InputError(f"{path}: no column {missing[0]} (found {found}; expected {','.join(COLUMNS)})")
    sides = (*infrared_size, *visible_size)
    points = []
    for number, row in rows:
        point = [_number(row[name]) for name in COLUMNS]
        for name, value, side in zip(COLUMNS, point, sides, strict=True):
            if not -0.5 <= value <= side - 0.5:
                found = "no number" if math.isnan(value) else f"{value:g}"
                raise InputError(f"{path}: line {number}: {name} (found {found}, expected 0 to {side - 1} pixels)")
        points.append(point)
    return points


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
