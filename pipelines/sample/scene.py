"""Data classes that describe a street scene; images and labels are both drawn from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Light = Literal["day", "night", "fog"]
ShownBy = Literal["both", "infrared", "visible"]
Rgb = tuple[float, float, float]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Camera:
    """A level pinhole camera above the road.

    World coordinates are in metres: x to the right, y up from the road surface, z ahead.

    Args:
        centre_px: column of the principal point.
        horizon_px: row of the horizon.
        focal_px: focal length in pixels.
        height: height above the road in metres.
        x: lateral position in metres.
    """

    centre_px: float
    horizon_px: float
    focal_px: float
    height: float
    x: float

    def project(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        """Project N world points in front of the camera to (N, 2) pixel coordinates, column then row."""
        scale = self.focal_px / z
        pixels = np.empty((len(scale), 2))
        pixels[:, 0] = self.centre_px + scale * (x - self.x)
        pixels[:, 1] = self.horizon_px + scale * (self.height - y)
        return pixels


@dataclass(frozen=True)
class Thing:
    """One labelled object on the ground at (x, z).

    The local axis s runs along the length of the object. It points to the right for a `yaw` of 0 and ahead for pi/2
    (radians).

    `shown_by` is the camera that sees the object; the other camera sees the empty street in its place.
    """

    kind: str
    shown_by: ShownBy
    x: float
    z: float
    yaw: float
    paint: Rgb
    accent: Rgb

    def is_shown_in(self, modality: Literal["infrared", "visible"]) -> bool:
        """Return whether the camera of this modality sees the object."""
        return self.shown_by in ("both", modality)


@dataclass(frozen=True)
class Block:
    """A building with one wall along the road (at `x_near`) and one facing the camera (at `z_near`)."""

    x_near: float
    x_far: float
    z_near: float
    z_far: float
    height: float
    wall: Rgb
    lit_seed: int


@dataclass(frozen=True)
class Tree:
    """A tree on the pavement."""

    x: float
    z: float
    height: float


@dataclass(frozen=True)
class Scene:
    """Everything the two cameras look at; things, blocks and trees are sorted from far to near.

    `size` is the (width, height) of the images in pixels.
    """

    size: tuple[int, int]
    light: Light
    camera: Camera
    things: tuple[Thing, ...]
    blocks: tuple[Block, ...]
    trees: tuple[Tree, ...]
    texture_seed: int
