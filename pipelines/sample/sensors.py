"""What lens, surface and sensor add to a clean drawing: glow, 1/f texture, noise."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.sample.faces import Face, fixed_point

Picture = npt.NDArray[np.float32]
_WARM_LIGHT = np.array([1.0, 0.86, 0.6], np.float32)


def as_seen_by_infrared(heat: Picture, rng: np.random.Generator) -> Picture:
    """Give the (H, W) image of an uncooled infrared camera: soft, with column pattern and noise."""
    height, width = heat.shape
    soft = cv2.GaussianBlur(heat, (0, 0), 0.6)
    textured = soft * (1 + 0.045 * texture(rng, (width, height)))
    columns = 0.006 * rng.standard_normal((1, width), dtype=np.float32)
    noise = 0.018 * rng.standard_normal((height, width), dtype=np.float32)
    return np.asarray(np.clip(textured + columns + noise, 0, 1), np.float32)


def as_seen_by_visible(rgb: Picture, noise: float, rng: np.random.Generator) -> Picture:
    """Give the (H, W, 3) image of a colour camera: surface texture, then noise in each channel."""
    height, width = rgb.shape[:2]
    textured = rgb * (1 + 0.045 * texture(rng, (width, height))[:, :, None])
    grain = np.float32(noise) * rng.standard_normal(rgb.shape, dtype=np.float32)
    return np.asarray(np.clip(textured + grain, 0, 1), np.float32)


def add_glow(rgb: Picture, faces: list[Face], strength: float) -> Picture:
    """Let glowing faces spill light around them, as lamps do in the dark and in mist."""
    height, width = rgb.shape[:2]
    small = np.zeros((height // 2, width // 2), np.float32)
    for face in faces:
        cv2.fillPoly(small, fixed_point(face.outlines, 0.5), 1.0, shift=4)
    unit = height / 256  # sizes are meant for 256 rows
    spill = 1.4 * cv2.GaussianBlur(small, (0, 0), 2.5 * unit) + 4 * cv2.GaussianBlur(small, (0, 0), 9 * unit)
    halo = cv2.resize(np.minimum(spill, 1), (width, height))[:, :, None]
    return np.asarray(rgb + strength * halo * _WARM_LIGHT * (1 - rgb), np.float32)


def texture(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    """Give (H, W) noise of about unit deviation whose amplitude falls as 1/f."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    for cell in (2, 4, 8, 16, 32):  # equal weights: equal power in each octave
        grid = rng.standard_normal((-(-height // cell) + 1, -(-width // cell) + 1), dtype=np.float32)
        total += cv2.resize(grid, (grid.shape[1] * cell, grid.shape[0] * cell))[:height, :width]
    return total * np.float32(0.55)


def clouds(rng: np.random.Generator, size: tuple[int, int]) -> Picture:
    """Give (H, W) cover in [0, 1]: a few soft flat clouds."""
    width, height = size
    cover = np.zeros((height, width), np.float32)
    for cell, weight in ((64, 1.0), (32, 0.6), (16, 0.35), (8, 0.2)):
        grid = rng.standard_normal((3 * height // cell + 2, width // cell + 2), dtype=np.float32)
        cover += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip((cover - 0.3) * 0.8, 0, 0.85), np.float32)
