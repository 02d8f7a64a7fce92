"""Bodies made by pulling a side profile across a width, seen from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.sample.faces import Face, Look, Pose, disc
from pipelines.sample.scene import FloatArray

Corners = list[tuple[float, float, float]]


@dataclass
class Solid:
    """A prism: `profile` is its side outline in (s, y) metres, counterclockwise, one look per edge.

    Panels lie on its surface (windows, lamps, wheels) and are painted over it in the order given; treads are the
    backs and fronts of wheels, of which only what reaches below the body is seen.
    """

    profile: Sequence[tuple[float, float]]
    width: float
    side: Look
    edges: Sequence[Look]
    panels: list[tuple[Corners, Look]] = field(default_factory=list)
    treads: list[tuple[Corners, Look]] = field(default_factory=list)

    def add_side_panel(self, corners_sy: Sequence[tuple[float, float]], look: Look) -> None:
        """Put a polygon (counterclockwise in s, y) on both sides."""
        self.panels.extend(_both_sides(corners_sy, self.width / 2 + 0.01, look))

    def add_wheel(self, s: float, radius: float, tyre: Look, hub: Look) -> None:
        """Put a wheel under both sides, and its tread where it is seen from the front or the back."""
        half = self.width / 2
        for low, high in ((-half, -half + 0.3), (half - 0.3, half)):
            self.treads.append((_across(s - radius * 0.8, False, (0.0, radius), (low, high)), tyre))
            self.treads.append((_across(s + radius * 0.8, True, (0.0, radius), (low, high)), tyre))
        for share, look in ((1.0, tyre), (0.5, hub)):
            circle = [(point[0], point[1]) for point in disc(s, radius, radius * share)]
            self.add_side_panel(circle, look)

    def add_end_panel(self, s: float, front: bool, y: tuple[float, float], w: tuple[float, float], look: Look) -> None:
        """Put an upright rectangle across the length axis, seen from the front (+s) or from the back."""
        self.panels.append((_across(s, front, y, w), look))

    def faces(self, pose: Pose) -> list[Face]:
        """List the faces turned towards the camera, in painting order."""
        hull = _both_sides(self.profile, self.width / 2, self.side)
        half = self.width / 2
        for index, look in enumerate(self.edges):
            (s0, y0), (s1, y1) = self.profile[index], self.profile[(index + 1) % len(self.profile)]
            hull.append(([(s0, y0, half), (s0, y0, -half), (s1, y1, -half), (s1, y1, half)], look))
        hull.sort(key=lambda item: -pose.depth(sum(corner[0] for corner in item[0]) / len(item[0])))
        surfaces = [*self.treads, *hull, *self.panels]
        outlines = pose.outlines([corners for corners, _ in surfaces])
        return [
            Face((outline,), look)
            for outline, (_, look) in zip(outlines, surfaces, strict=True)
            if _is_turned_here(outline)
        ]


def _across(s: float, front: bool, y: tuple[float, float], w: tuple[float, float]) -> Corners:
    corners = [(s, y[0], w[1]), (s, y[0], w[0]), (s, y[1], w[0]), (s, y[1], w[1])]
    return corners if front else corners[::-1]


def _both_sides(corners_sy: Sequence[tuple[float, float]], half_width: float, look: Look) -> list[tuple[Corners, Look]]:
    near = [(s, y, half_width) for s, y in corners_sy]
    far = [(s, y, -half_width) for s, y in reversed(corners_sy)]
    return [(near, look), (far, look)]


def _is_turned_here(outline: FloatArray) -> bool:
    """Tell whether corners that run counterclockwise from outside also do so in the image (rows count downwards)."""
    x, y = outline[:, 0], outline[:, 1]
    return bool(x[:-1] @ y[1:] - x[1:] @ y[:-1] + x[-1] * y[0] - x[0] * y[-1] < 0)
