"""Render a scene as the infrared camera and the visible camera see it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.sample.backdrop import street_faces
from pipelines.sample.cameras import (
    LIGHTINGS,
    Lighting,
    Picture,
    add_glow,
    as_seen_by_infrared,
    as_seen_by_visible,
    clouds,
)
from pipelines.sample.faces import Face, Material, Pose, disc, fixed_point
from pipelines.sample.objects import APPEARANCES, faces_of
from pipelines.sample.scene import Scene, Thing

_OVERSAMPLING = 2  # for smooth edges
_COLD_SKY, _HORIZON_SKY = 0.05, 0.13
_CLOUD = np.float32(0.78 * 255)
_SHADOW = 0.45
Canvas = npt.NDArray[np.uint8]
Polygons = list[npt.NDArray[np.int32]]
StreetPolygons = list[tuple[float, Material, Polygons]]  # distance in metres first


def render_scene(scene: Scene) -> tuple[Picture, Picture]:
    """Render both images of a scene.

    Returns:
        infrared (H, W) and visible (H, W, 3) RGB, both in [0, 1].
    """
    rng = np.random.default_rng(scene.texture_seed)
    street = [(z, face.material, fixed_point(face.outlines, _OVERSAMPLING)) for z, face in street_faces(scene)]
    infrared = as_seen_by_infrared(_downsample(_paint_infrared(scene, street)), rng)
    lighting = LIGHTINGS[scene.light]
    visible = _downsample(_paint_visible(scene, street, lighting, rng))
    if lighting.glow:
        visible = add_glow(visible, list(_glowing(scene)), lighting.glow)
    return infrared, as_seen_by_visible(visible, lighting.noise, rng)


def _paint_infrared(scene: Scene, street: StreetPolygons) -> Canvas:
    width, height = scene.size
    canvas = np.empty((height * _OVERSAMPLING, width * _OVERSAMPLING), np.uint8)
    canvas[:] = _sky_rows(scene, np.array([[_COLD_SKY]]), np.array([[_HORIZON_SKY]]))[:, :, 0]
    for _, material, polygons in street:
        _fill(canvas, polygons, (material.heat,))
    for thing in _shown(scene, "infrared"):
        for face in faces_of(thing, scene.camera):
            _fill(canvas, fixed_point(face.outlines, _OVERSAMPLING), (face.material.heat,))
    return canvas


def _paint_visible(scene: Scene, street: StreetPolygons, lighting: Lighting, rng: np.random.Generator) -> Canvas:
    width, height = scene.size
    canvas = np.empty((height * _OVERSAMPLING, width * _OVERSAMPLING, 3), np.uint8)
    canvas[:] = _sky_rows(scene, np.array([lighting.sky_top]), np.array([lighting.sky_horizon]))
    if scene.light == "day":
        sky = canvas[: round(scene.camera.horizon_px * _OVERSAMPLING)]
        cloud = cv2.resize(clouds(rng, (width, sky.shape[0] // _OVERSAMPLING)), (sky.shape[1], sky.shape[0]))
        sky[:] = sky + cloud[:, :, None] * (_CLOUD - sky)
    for z, material, polygons in street:
        _fill(canvas, polygons, lighting.colour(material, z, is_thing=False))
    for thing in _shown(scene, "visible"):
        _cast_shadow(canvas, thing, scene)
        for face in faces_of(thing, scene.camera):
            colour = lighting.colour(face.material, thing.z, is_thing=True)
            _fill(canvas, fixed_point(face.outlines, _OVERSAMPLING), colour)
    return canvas


def _sky_rows(scene: Scene, top: npt.NDArray[np.float64], low: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (rows, 1, channels) levels in 0..255, a gradient from `top` to `low` at the horizon."""
    rows = np.arange(scene.size[1] * _OVERSAMPLING) / (scene.camera.horizon_px * _OVERSAMPLING)
    share = np.clip(rows, 0, 1)[:, None, None]
    return 255 * ((1 - share) * top + share * low)


def _cast_shadow(canvas: Canvas, thing: Thing, scene: Scene) -> None:
    """Darken the ground right under an object, so that it does not seem to float."""
    reach = APPEARANCES[thing.kind].shadow
    if reach is None:
        return
    pose = Pose(scene.camera, thing.x, thing.z, thing.yaw)
    ground = [(s * reach[0], 0.0, y * reach[1]) for s, y, _ in disc(0.0, 0.0, 1.0)]
    outline = pose.to_pixels(ground) * _OVERSAMPLING
    left, top = np.maximum(np.floor(outline.min(axis=0)).astype(int), 0)
    right, bottom = np.ceil(outline.max(axis=0)).astype(int)
    part = canvas[top:bottom, left:right]
    shade = np.zeros(part.shape[:2], np.float32)
    cv2.fillPoly(shade, fixed_point([outline - (left, top)]), 1.0, shift=4)
    part[:] = part * (1 - (1 - _SHADOW) * shade[:, :, None])


def _glowing(scene: Scene) -> Iterable[Face]:
    for thing in _shown(scene, "visible"):
        yield from (face for face in faces_of(thing, scene.camera) if face.material.glows)


def _shown(scene: Scene, modality: Literal["infrared", "visible"]) -> Iterable[Thing]:
    return (thing for thing in scene.things if thing.is_shown_in(modality))


def _fill(canvas: Canvas, polygons: Polygons, levels: tuple[float, ...]) -> None:
    cv2.fillPoly(canvas, polygons, tuple(255 * level for level in levels), lineType=cv2.LINE_AA, shift=4)


def _downsample(canvas: Canvas) -> Picture:
    size = canvas.shape[1] // _OVERSAMPLING, canvas.shape[0] // _OVERSAMPLING
    return cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
