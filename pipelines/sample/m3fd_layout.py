"""Write generated scenes in the folder layout of M3FD."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import torch

from fusion.images import write_image
from fusion.storage import write_bytes, write_text
from pipelines.sample.placing import box_of
from pipelines.sample.render import render_scene
from pipelines.sample.scene import Scene


def write_m3fd(root: Path, scenes: Iterable[tuple[str, Scene]]) -> dict[str, Scene]:
    """Write scenes with boxes, each given with its split, and give them by stem.

    Writes root/{Vis,Ir}/00000.png, root/Annotation/00000.xml (VOC) and root/splits/{train,test}.txt.
    """
    written: dict[str, Scene] = {}
    stems: dict[str, list[str]] = {"train": [], "test": []}
    for split, scene in scenes:
        stem = f"{len(written):05d}"
        infrared, visible = render_scene(scene)
        write_image(root / "Ir" / f"{stem}.png", torch.from_numpy(infrared).expand(3, -1, -1))
        write_image(root / "Vis" / f"{stem}.png", torch.from_numpy(visible).permute(2, 0, 1))
        write_bytes(root / "Annotation" / f"{stem}.xml", _voc(stem, scene))
        written[stem] = scene
        stems[split].append(stem)
    for split, of_split in stems.items():
        write_text(root / "splits" / f"{split}.txt", "".join(f"{stem}\n" for stem in of_split))
    return written


def _voc(stem: str, scene: Scene) -> bytes:
    """Give the VOC XML of one image with the fields that M3FD fills."""
    root = ElementTree.Element("annotation")
    _texts(root, folder="M3FD", filename=f"{stem}.png")
    _texts(ElementTree.SubElement(root, "source"), database="StableFuse sample")
    _texts(ElementTree.SubElement(root, "size"), width=scene.size[0], height=scene.size[1], depth=3)
    _texts(root, segmented=0)
    for thing in scene.things:
        entry = ElementTree.SubElement(root, "object")
        _texts(entry, name=thing.kind, pose="Unspecified", truncated=0, difficult=0)
        x0, y0, x1, y1 = box_of(thing, scene.camera)
        _texts(ElementTree.SubElement(entry, "bndbox"), xmin=x0, ymin=y0, xmax=x1, ymax=y1)
    ElementTree.indent(root, "\t")
    return ElementTree.tostring(root) + b"\n"


def _texts(parent: ElementTree.Element, **values: str | int) -> None:
    for tag, value in values.items():
        ElementTree.SubElement(parent, tag).text = str(value)
