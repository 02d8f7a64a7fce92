"""Flat faces in image coordinates, of which all objects and buildings consist, and the local frames they come from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.sample.scene import BoolArray, Camera, FloatArray, Rgb

_SUBPIXEL_BITS = 4
_CIRCLE = [(math.cos(angle), math.sin(angle)) for angle in (math.tau * step / 20 for step in range(20))]


class Material(NamedTuple):
    """Appearance of a surface: colour and heat in [0, 1]; a glowing surface keeps its colour in the dark."""

    rgb: Rgb
    heat: float
    glows: bool = False


@dataclass(frozen=True)
class Face:
    """Polygons of one material, each (N, 2) pixel coordinates."""

    outlines: tuple[FloatArray, ...]
    material: Material


@dataclass(frozen=True)
class Pose:
    """A local frame on the ground, in metres.

    s runs along the length of an object, y up and w to its side, which is towards the camera for a yaw of 0.
    """

    camera: Camera
    x: float
    z: float
    yaw: float

    def to_pixels(self, points_syw: Sequence[tuple[float, float, float]]) -> FloatArray:
        """Project N local (s, y, w) points to (N, 2) pixel coordinates."""
        s, y, w = np.array(points_syw, dtype=np.float64).T
        sine, cosine = math.sin(self.yaw), math.cos(self.yaw)
        return self.camera.project(self.x + s * cosine + w * sine, y, self.z + s * sine - w * cosine)

    def outlines(self, polygons_syw: Sequence[Sequence[tuple[float, float, float]]]) -> list[FloatArray]:
        """Project several polygons of local points at once."""
        pixels = self.to_pixels([point for polygon in polygons_syw for point in polygon])
        ends = accumulate(len(polygon) for polygon in polygons_syw)
        return [pixels[end - len(polygon) : end] for end, polygon in zip(ends, polygons_syw, strict=True)]

    def depth(self, s: float) -> float:
        """Return the distance of the point s on the length axis from the camera, in metres along z."""
        return self.z + s * math.sin(self.yaw)


def fixed_point(outlines: Iterable[FloatArray], scale: float = 1.0) -> list[npt.NDArray[np.int32]]:
    """Scale polygons and convert them to the fixed-point coordinates of `cv2.fillPoly(..., shift=4)`.

    In OpenCV, the centre of the first pixel is at 0; here, it is at 0.5.
    """
    return [np.rint((outline * scale - 0.5) * (1 << _SUBPIXEL_BITS)).astype(np.int32) for outline in outlines]


def silhouette(faces: Iterable[Face], size: tuple[int, int]) -> BoolArray:
    """Return the (H, W) mask of the pixels that the faces cover; `size` is (width, height)."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    for face in faces:
        cv2.fillPoly(mask, fixed_point(face.outlines), 1, shift=_SUBPIXEL_BITS)
    return mask.astype(bool)


def bounds(faces: Iterable[Face]) -> tuple[float, float, float, float]:
    """Return the bounding box x0, y0, x1, y1 of all faces in pixels."""
    points = np.concatenate([outline for face in faces for outline in face.outlines])
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def disc(s: float, y: float, radius: float) -> list[tuple[float, float, float]]:
    """Approximate a circle in the plane w = 0 by a regular polygon of 20 local points, counterclockwise for yaw 0."""
    return [(s + radius * cosine, y + radius * sine, 0.0) for cosine, sine in _CIRCLE]


def cut_out(pose: Pose, corners_sy: Sequence[tuple[float, float]], material: Material) -> Face:
    """Project a flat upright face in the plane w = 0."""
    return Face((pose.to_pixels([(s, y, 0.0) for s, y in corners_sy]),), material)


def round_cut_out(pose: Pose, s: float, y: float, radius: float, material: Material) -> Face:
    """Project a flat upright disc in the plane w = 0."""
    return Face((pose.to_pixels(disc(s, y, radius)),), material)
