"""Solids: side profiles extruded across a width, with panels on their surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.sample.faces import Face, Material, Pose, disc
from pipelines.sample.scene import FloatArray

Corners = list[tuple[float, float, float]]


@dataclass
class Solid:
    """A prism with the given side profile.

    Args:
        profile: outline of the side as (s, y) in metres, counterclockwise.
        width: in metres.
        side: material of both sides.
        edges: material of the surface along each edge of the profile.
        panels: details on the surface (windows, lights, wheels), painted over it in this order.
        treads: fronts and backs of the wheels; only what reaches below the body is visible.
    """

    profile: Sequence[tuple[float, float]]
    width: float
    side: Material
    edges: Sequence[Material]
    panels: list[tuple[Corners, Material]] = field(default_factory=list)
    treads: list[tuple[Corners, Material]] = field(default_factory=list)

    def add_side_panel(self, corners_sy: Sequence[tuple[float, float]], material: Material) -> None:
        """Add a polygon, counterclockwise in (s, y), to both sides."""
        self.panels.extend(_both_sides(corners_sy, self.width / 2 + 0.01, material))

    def add_wheel(self, s: float, radius: float, tyre: Material, hub: Material) -> None:
        """Add a wheel on both sides, with a tread that is visible from the front and the back."""
        half = self.width / 2
        for low, high in ((-half, -half + 0.3), (half - 0.3, half)):
            self.treads.append((_across(s - radius * 0.8, False, (0.0, radius), (low, high)), tyre))
            self.treads.append((_across(s + radius * 0.8, True, (0.0, radius), (low, high)), tyre))
        for share, material in ((1.0, tyre), (0.5, hub)):
            circle = [(point[0], point[1]) for point in disc(s, radius, radius * share)]
            self.add_side_panel(circle, material)

    def add_end_panel(
        self, s: float, front: bool, y: tuple[float, float], w: tuple[float, float], material: Material
    ) -> None:
        """Add an upright rectangle across the length axis, visible from the front (+s) or from the back."""
        self.panels.append((_across(s, front, y, w), material))

    def faces(self, pose: Pose) -> list[Face]:
        """List the faces that are turned towards the camera, in painting order."""
        hull = _both_sides(self.profile, self.width / 2, self.side)
        half = self.width / 2
        for index, material in enumerate(self.edges):
            (s0, y0), (s1, y1) = self.profile[index], self.profile[(index + 1) % len(self.profile)]
            hull.append(([(s0, y0, half), (s0, y0, -half), (s1, y1, -half), (s1, y1, half)], material))
        hull.sort(key=lambda item: -pose.depth(sum(corner[0] for corner in item[0]) / len(item[0])))
        surfaces = [*self.treads, *hull, *self.panels]
        outlines = pose.outlines([corners for corners, _ in surfaces])
        return [
            Face((outline,), material)
            for outline, (_, material) in zip(outlines, surfaces, strict=True)
            if _faces_camera(outline)
        ]


def _across(s: float, front: bool, y: tuple[float, float], w: tuple[float, float]) -> Corners:
    corners = [(s, y[0], w[1]), (s, y[0], w[0]), (s, y[1], w[0]), (s, y[1], w[1])]
    return corners if front else corners[::-1]


def _both_sides(
    corners_sy: Sequence[tuple[float, float]], half_width: float, material: Material
) -> list[tuple[Corners, Material]]:
    near = [(s, y, half_width) for s, y in corners_sy]
    far = [(s, y, -half_width) for s, y in reversed(corners_sy)]
    return [(near, material), (far, material)]


def _faces_camera(outline: FloatArray) -> bool:
    """Return whether the corners, counterclockwise from outside, are so in the image too (rows count downwards)."""
    x, y = outline[:, 0], outline[:, 1]
    return bool(x[:-1] @ y[1:] - x[1:] @ y[:-1] + x[-1] * y[0] - x[0] * y[-1] < 0)
