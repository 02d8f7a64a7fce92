"""What a generated street scene consists of: plain data, from which every image and label is drawn."""

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
    """A level pinhole camera above the road; world axes in metres: x right, y up from the road, z ahead."""

    centre_px: float
    horizon_px: float
    focal_px: float
    height: float
    x: float

    def project(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        """Map N world points ahead of the camera to (N, 2) pixels, across then down."""
        scale = self.focal_px / z
        pixels = np.empty((len(scale), 2))
        pixels[:, 0] = self.centre_px + scale * (x - self.x)
        pixels[:, 1] = self.horizon_px + scale * (self.height - y)
        return pixels


@dataclass(frozen=True)
class Thing:
    """One labelled object standing on the ground at (x, z).

    Its local axis s points along its length; `yaw` (radians) 0 turns s to the right, pi/2 ahead.
    `shown_by` says which camera can see it; the other one sees the bare street in its place.
    """

    kind: str
    shown_by: ShownBy
    x: float
    z: float
    yaw: float
    paint: Rgb
    accent: Rgb

    def is_shown_in(self, modality: Literal["infrared", "visible"]) -> bool:
        """Tell whether this camera sees the object."""
        return self.shown_by in ("both", modality)


@dataclass(frozen=True)
class Block:
    """A building whose walls face the road and the camera; `x_near` is the wall along the road."""

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
    """Everything the two cameras look at; things, blocks and trees are ordered from far to near."""

    size: tuple[int, int]
    light: Light
    camera: Camera
    things: tuple[Thing, ...]
    blocks: tuple[Block, ...]
    trees: tuple[Tree, ...]
    texture_seed: int
