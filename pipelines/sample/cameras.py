"""What turns a clean drawing into a camera image: light, haze, glow, 1/f texture and sensor noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.sample.faces import Face, Material, fixed_point
from pipelines.sample.scene import Light, Rgb

Picture = npt.NDArray[np.float32]
_WARM_LIGHT = np.array([1.0, 0.86, 0.6], np.float32)


@dataclass(frozen=True)
class Lighting:
    """How the visible camera sees a scene in one light.

    Args:
        sky_top: colour of the sky at the top of the image.
        sky_horizon: colour of the sky at the horizon.
        on_street: factor on the colours of the street.
        on_things: factor on the colours of labelled objects, which are lit better to remain visible.
        haze: colour of the haze.
        haze_distance: in metres, the distance at which haze covers 63 % of the street.
        max_haze_on_things: share of haze in front of a labelled object at most.
        glow: strength of the halos around lights.
        noise: standard deviation of the sensor noise.
    """

    sky_top: Rgb
    sky_horizon: Rgb
    on_street: Rgb
    on_things: Rgb
    haze: Rgb
    haze_distance: float
    max_haze_on_things: float
    glow: float
    noise: float

    def colour(self, material: Material, z: float, is_thing: bool) -> Rgb:
        """Return the colour of a surface at a distance of `z` metres."""
        ambient = (1.0, 1.0, 1.0) if material.glows else self.on_things if is_thing else self.on_street
        haze = float(1 - np.exp(-z / self.haze_distance))
        if is_thing:
            haze = min(haze, self.max_haze_on_things)
        red, green, blue = (
            (1 - haze) * own * light + haze * mist
            for own, light, mist in zip(material.rgb, ambient, self.haze, strict=True)
        )
        return red, green, blue


LIGHTINGS: dict[Light, Lighting] = {
    "day": Lighting(
        sky_top=(0.3, 0.5, 0.78), sky_horizon=(0.62, 0.7, 0.76), on_street=(1.0, 1.0, 1.0), on_things=(1.0, 1.0, 1.0),
        haze=(0.58, 0.64, 0.7), haze_distance=220, max_haze_on_things=0.05, glow=0.0, noise=0.01,
    ),
    "night": Lighting(
        sky_top=(0.03, 0.04, 0.11), sky_horizon=(0.12, 0.11, 0.19), on_street=(0.28, 0.3, 0.42),
        on_things=(0.68, 0.68, 0.74),
        haze=(0.09, 0.09, 0.14), haze_distance=120, max_haze_on_things=0.05, glow=0.55, noise=0.022,
    ),
    "fog": Lighting(
        sky_top=(0.46, 0.48, 0.5), sky_horizon=(0.48, 0.5, 0.51), on_street=(0.75, 0.77, 0.8),
        on_things=(0.98, 0.98, 0.98),
        haze=(0.48, 0.5, 0.51), haze_distance=22, max_haze_on_things=0.22, glow=0.2, noise=0.012,
    ),
}  # fmt: skip


def as_seen_by_infrared(heat: Picture, rng: np.random.Generator) -> Picture:
    """Simulate an uncooled infrared camera, with blur, texture, column noise and pixel noise; (H, W) in [0, 1]."""
    height, width = heat.shape
    soft = cv2.GaussianBlur(heat, (0, 0), 0.6)
    textured = soft * (1 + 0.045 * _texture(rng, (width, height)))
    columns = 0.006 * rng.standard_normal((1, width), dtype=np.float32)
    noise = 0.018 * rng.standard_normal((height, width), dtype=np.float32)
    return np.asarray(np.clip(textured + columns + noise, 0, 1), np.float32)


def as_seen_by_visible(rgb: Picture, noise: float, rng: np.random.Generator) -> Picture:
    """Simulate a colour camera, with surface texture and independent noise per channel; (H, W, 3) in [0, 1]."""
    height, width = rgb.shape[:2]
    textured = rgb * (1 + 0.045 * _texture(rng, (width, height))[:, :, None])
    grain = np.float32(noise) * rng.standard_normal(rgb.shape, dtype=np.float32)
    return np.asarray(np.clip(textured + grain, 0, 1), np.float32)


def add_glow(rgb: Picture, faces: list[Face], strength: float) -> Picture:
    """Add halos around glowing faces, as lamps have them in the dark and in fog."""
    height, width = rgb.shape[:2]
    small = np.zeros((height // 2, width // 2), np.float32)
    for face in faces:
        cv2.fillPoly(small, fixed_point(face.outlines, 0.5), 1.0, shift=4)
    unit = height / 256  # the radii below are for 256 rows
    spill = 1.4 * cv2.GaussianBlur(small, (0, 0), 2.5 * unit) + 4 * cv2.GaussianBlur(small, (0, 0), 9 * unit)
    halo = cv2.resize(np.minimum(spill, 1), (width, height))[:, :, None]
    return np.asarray(rgb + strength * halo * _WARM_LIGHT * (1 - rgb), np.float32)


def clouds(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    """Draw a few soft, flat clouds: (H, W) opacity in [0, 0.85]; `size` is (width, height)."""
    width, height = size
    cover = np.zeros((height, width), np.float32)
    for cell, weight in ((64, 1.0), (32, 0.6), (16, 0.35), (8, 0.2)):
        grid = rng.standard_normal((3 * height // cell + 2, width // cell + 2), dtype=np.float32)
        cover += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip((cover - 0.3) * 0.8, 0, 0.85), np.float32)


def _texture(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    """Draw (H, W) noise with an amplitude spectrum of 1/f and a standard deviation of about 1."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    for cell in (2, 4, 8, 16, 32):  # equal weights: equal power in each octave
        grid = rng.standard_normal((-(-height // cell) + 1, -(-width // cell) + 1), dtype=np.float32)
        total += cv2.resize(grid, (grid.shape[1] * cell, grid.shape[0] * cell))[:height, :width]
    return total * np.float32(0.55)
