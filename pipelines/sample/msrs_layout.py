"""Write generated scenes in the folder layout of MSRS."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from downstream.datasets import Mask, write_mask
from fusion.images import write_image
from pipelines.sample.faces import silhouette
from pipelines.sample.msrs_street import MSRS_CLASSES
from pipelines.sample.render import render_scene
from pipelines.sample.scene import Scene
from pipelines.sample.shapes import faces_of


def write_msrs(root: Path, scenes: Iterable[tuple[str, Scene]]) -> dict[str, Scene]:
    """Write scenes with label masks, each given with its split, and give them by stem.

    Writes root/{train,test}/{vi,ir,Segmentation_labels}/00000D.png; D stands for day and fog, N for night.
    """
    written: dict[str, Scene] = {}
    for split, scene in scenes:
        stem = f"{len(written):05d}{'N' if scene.light == 'night' else 'D'}"
        infrared, visible = render_scene(scene)
        write_image(root / split / "ir" / f"{stem}.png", torch.from_numpy(infrared)[None])
        write_image(root / split / "vi" / f"{stem}.png", torch.from_numpy(visible).permute(2, 0, 1))
        write_mask(root / split / "Segmentation_labels" / f"{stem}.png", class_mask(scene))
        written[stem] = scene
    return written


def class_mask(scene: Scene) -> Mask:
    """Give the (H, W) class numbers of all objects, whichever camera shows them, the nearer over the farther."""
    mask = np.zeros(scene.size[::-1], np.uint8)
    for thing in scene.things:
        mask[silhouette(faces_of(thing, scene.camera), scene.size)] = MSRS_CLASSES.index(thing.kind)
    return mask
