"""Two synthetic cameras that see one smooth scene differently: what each pixel shows is known in closed form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fusion.registration import Registration, transform_points
from fusion.registration.frame import covered_frame

Floats = npt.NDArray[np.float64]
INFRARED_SIZE, VISIBLE_SIZE = (80, 64), (160, 128)
AFFINE = np.array([[1.83, 0.06, 4.3], [-0.05, 1.87, 3.6], [0, 0, 1]])
HOMOGRAPHY = np.array([[1.83, 0.06, 4.3], [-0.05, 1.87, 3.6], [2e-4, -3e-4, 1]])


def rig(matrix: Floats = AFFINE, infrared_size: tuple[int, int] = INFRARED_SIZE, **changes: Any) -> Registration:
    """Make the registration of two cameras; its frame is the largest that infrared covers, unless it is changed."""
    visible_size = changes.pop("visible_size", VISIBLE_SIZE)
    values = {
        "model": "homography" if matrix[2, :2].any() else "affine",
        "matrix": tuple(map(tuple, matrix.tolist())),
        "infrared_size": infrared_size,
        "visible_size": visible_size,
        "frame": changes.get("frame") or covered_frame(matrix, infrared_size, visible_size),
    }
    return Registration(**{**values, **changes})


def pixel_centres(size: tuple[int, int], left: int = 0, top: int = 0) -> Floats:
    """List x and y of all pixels row by row, (N, 2)."""
    x, y = np.meshgrid(np.arange(size[0]) + left, np.arange(size[1]) + top)
    return np.stack([x.ravel(), y.ravel()], 1).astype(float)


def scene(points: Floats, time: float = 0) -> Floats:
    """Return the level of a smooth scene at places in the visible image, (N,) in 0..1; waves of 20 pixels or more."""
    x, y = points.T
    return 0.5 + 0.25 * np.sin(x / 3.5 + time) * np.cos(y / 4.5) + 0.2 * np.sin((x + 2 * y) / 17 + 0.3)


def infrared_view(registration: Registration, time: float = 0) -> Floats:
    """Return what the infrared camera shows, (H, W) in 0..1."""
    width, height = registration.infrared_size
    seen = transform_points(registration.array, pixel_centres((width, height)))
    return scene(seen, time).reshape(height, width)


def visible_view(registration: Registration, time: float = 0) -> Floats:
    """Return what the visible camera shows, (H, W) in 0..1."""
    width, height = registration.visible_size
    return scene(pixel_centres((width, height)), time).reshape(height, width)


def frame_view(registration: Registration, time: float = 0) -> Floats:
    """Return what registered images show, (h, w) in 0..1."""
    left, top, width, height = registration.frame
    return scene(pixel_centres((width, height), left, top), time).reshape(height, width)


def levels(view: Floats) -> npt.NDArray[np.uint8]:
    return np.round(view * 255).astype(np.uint8)


def write_pairs(
    root: Path, registration: Registration, stems: list[str], names: tuple[str, str] = ("ir", "vi")
) -> Path:
    """Write a pair of either camera's size for every stem, each at another time."""
    for time, stem in enumerate(stems):
        for name, view in zip(names, (infrared_view, visible_view), strict=True):
            (root / name).mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(root / name / f"{stem}.png"), levels(view(registration, time)))
    return root
