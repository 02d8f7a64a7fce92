"""What each object of a scene changes in the images of both cameras."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pipelines.sample.faces import silhouette
from pipelines.sample.objects import faces_of
from pipelines.sample.render import render_scene
from pipelines.sample.scene import Scene, Thing

TO_LUMA = np.array([0.299, 0.587, 0.114])


class SingleObject(NamedTuple):
    """An object alone on its street: infrared and visible luma inside its silhouette, with it and without it."""

    thing: Thing
    light: str
    with_it: tuple[np.ndarray, np.ndarray]
    without: tuple[np.ndarray, np.ndarray]

    def changes(self) -> tuple[float, float]:
        """Return the mean absolute change of infrared and visible luma."""
        infrared, visible = (np.abs(a - b).mean() for a, b in zip(self.with_it, self.without, strict=True))
        return float(infrared), float(visible)


def mask_of(scene: Scene, thing: Thing) -> np.ndarray:
    return silhouette(faces_of(thing, scene.camera), scene.size)


def single_objects(scene: Scene) -> list[SingleObject]:
    empty_infrared, empty_visible = render_scene(replace(scene, things=()))
    found = []
    for thing in scene.things:
        infrared, visible = render_scene(replace(scene, things=(thing,)))
        mask = mask_of(scene, thing)
        with_it = infrared[mask], visible[mask] @ TO_LUMA
        found.append(SingleObject(thing, scene.light, with_it, (empty_infrared[mask], empty_visible[mask] @ TO_LUMA)))
    return found
