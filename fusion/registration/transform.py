"""The transform of a rig: from infrared pixels to visible pixels, as one JSON file. Does not import OpenCV or torch."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.errors import InputError, unknown_name
from fusion.registration.frame import covered_spans
from fusion.registration.geometry import Frame, Matrix, Size, area, corners_of, transform_points
from fusion.registration.json_values import DECISIVE, require_json_values
from fusion.storage import read_json, write_json

MODELS = ("affine", "homography")
REGISTER = "python tools/register_pairs.py"  # what makes a registration, for error messages
_SMALLEST_AREA = 1e-4  # of the infrared image in the visible one, as a share of its own; less is as good as singular


@dataclass(frozen=True)
class Registration:
    """One transform for all pairs of two fixed cameras.

    Registered images show `frame`, a part of the visible image: the visible one is cropped to it, the infrared one is
    resampled once, and is black where the infrared camera sees nothing.

    Attributes:
        model: "affine" or "homography".
        matrix: rows of the 3x3 matrix that takes infrared pixels to visible pixels, (x, y, 1) each; whole numbers are
            the centres of pixels, the first pixel is (0, 0), and the last element is 1.
        infrared_size: width and height of infrared images in pixels.
        visible_size: likewise of visible images.
        frame: left, top, width and height of the part of the visible image that registered images show.
        used: number of image pairs, or of pairs of points, that agree with the matrix.
        given: number of those it was estimated from.
        residual_median: distance in visible pixels, of the places where the images agree best or of the points, from
            where the matrix puts them; None where it could not be measured.
        residual_95: likewise the 95th percentile.
        date: of the estimate, such as 2026-12-01.
        commit: of the code that made the estimate; "" where it is unknown.

    Raises:
        InputError: the model is unknown; the matrix is not finite, singular, mirrors, has its horizon inside the
            image, or is no affine one for the model "affine"; a size is not positive; or the frame is not inside the
            visible image, or outside the infrared one.
    """

    model: str
    matrix: tuple[tuple[float, ...], ...]
    infrared_size: Size
    visible_size: Size
    frame: Frame
    used: int = 0
    given: int = 0
    residual_median: float | None = None
    residual_95: float | None = None
    date: str = ""
    commit: str = ""

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise unknown_name("model of registration", self.model, MODELS)
        for name, size in (("infrared_size", self.infrared_size), ("visible_size", self.visible_size)):
            if len(size) != 2 or not all(type(side) is int and side > 0 for side in size):
                raise InputError(f"{name}: not a size (found {list(size)}, expected width and height in pixels)")
        require_matrix(self.array, self.model, self.infrared_size)
        _require_frame(self.frame, self.visible_size)
        first, last = covered_spans(self.to_frame, self.infrared_size, self.size)
        if (first > last).all():
            raise InputError(
                f"frame: the infrared camera sees nothing of it (found {list(self.frame)} of the visible image)"
            )

    @property
    def array(self) -> Matrix:
        """The matrix as a (3, 3) array."""
        return np.array(self.matrix, float)

    @property
    def to_frame(self) -> Matrix:
        """(3, 3), from infrared pixels to pixels of the frame."""
        shift = np.eye(3)
        shift[:2, 2] = -self.frame[0], -self.frame[1]
        return np.asarray(shift @ self.array)

    @property
    def size(self) -> Size:
        """Width and height of registered images in pixels."""
        return self.frame[2:]

    def to_json(self) -> dict[str, Any]:
        """Return what decides how images are registered, as JSON values; `from_json` reads it."""
        everything = asdict(self)
        return {name: everything[name] for name in DECISIVE}

    @property
    def digest(self) -> str:
        """A SHA-256 hex digest of what decides how images are registered."""
        return hashlib.sha256(json.dumps(self.to_json()).encode()).hexdigest()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Registration:
        """Build a registration from the values of `to_json`, maybe among others that its file holds.

        Raises:
            InputError: a value is missing or wrong.
        """
        require_json_values(values)
        tuples = {name: tuple(values[name]) for name in ("infrared_size", "visible_size", "frame")}
        try:
            matrix = tuple(tuple(float(value) for value in row) for row in values["matrix"])
        except OverflowError as error:  # JSON knows integers above 1e308
            raise InputError("matrix: not a transform (found a number that is too large)") from error
        return cls(**{**values, **tuples, "matrix": matrix})

    def save(self, path: Path) -> None:
        """Write a JSON file, atomically."""
        write_json(path, asdict(self))


def load_registration(path: Path) -> Registration:
    """Read a file of `Registration.save`.

    Raises:
        InputError: the file cannot be read, or `Registration.from_json` refuses its content.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        expected = f"expected a file of {REGISTER}"
        raise InputError(f"{path}: not a registration (found a {type(content).__name__}, {expected})")
    try:
        return Registration.from_json(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def require_matrix(matrix: Matrix, model: str, infrared_size: Size) -> None:
    """Check that a matrix can be the transform of a rig.

    Raises:
        InputError: as `Registration`.
    """
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
        raise InputError(f"matrix: not a transform (found {matrix.tolist()}, expected 3x3 finite numbers)")
    if (corners_of(infrared_size) @ matrix[2, :2] + matrix[2, 2]).min() <= 0:
        raise InputError("matrix: sends a part of the infrared image to infinity (expected a horizon outside of it)")
    covers = area(transform_points(matrix, corners_of(infrared_size)))
    if not covers > _SMALLEST_AREA * infrared_size[0] * infrared_size[1]:
        found = f"area of the infrared image in the visible one: {covers:.3g} pixels"
        raise InputError(f"matrix: singular or mirrored (found {found}, expected a positive one)")
    if not math.isclose(matrix[2, 2], 1, abs_tol=1e-9):
        raise InputError(f"matrix: not scaled (found {matrix[2, 2]:g} as its last element, expected 1)")
    if model == "affine" and not np.allclose(matrix[2], (0, 0, 1), rtol=0, atol=1e-12):
        raise InputError(f"matrix: not affine (found last row {matrix[2].tolist()}, expected 0, 0, 1)")


def _require_frame(frame: Frame, visible_size: Size) -> None:
    whole = len(frame) == 4 and all(type(value) is int for value in frame)
    if not whole or min(frame) < 0 or any(a + b > c or b < 1 for a, b, c in zip(frame, frame[2:], visible_size)):  # noqa: B905
        width, height = visible_size
        raise InputError(
            f"frame: not inside the visible image (found {list(frame)}, expected left, top, width, height inside "
            f"{width}x{height})"
        )


def require_size(source: Path | str, found: Size, expected: Size) -> None:
    """Check that an image has the size that the registration is of.

    Args:
        source: the image, for the error message.
        found: its width and height in pixels.
        expected: `infrared_size` or `visible_size` of the registration.

    Raises:
        InputError: the sizes differ.
    """
    if found != expected:
        raise InputError(
            f"{source}: size differs from that of the registration (found {found[0]}x{found[1]}, expected "
            f"{expected[0]}x{expected[1]}). Try: {REGISTER}"
        )
