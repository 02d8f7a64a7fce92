"""Write generated scenes in the folder layout of M3FD."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import torch

from fusion.files import write_bytes, write_json, write_text
from fusion.images import write_image
from pipelines.sample.describe import describe_scene
from pipelines.sample.placing import box_of
from pipelines.sample.render import render_scene
from pipelines.sample.scene import Scene


def write_sample(root: Path, train: int, test: int, seed: int = 0, size: tuple[int, int] = (320, 256)) -> None:
    """Write `train` + `test` generated pairs with labels and split, as M3FD is laid out.

    Image k is made from (seed, k) alone, so that a larger sample begins with the images of a smaller one.
    Writes root/{Vis,Ir}/00000.png, root/Annotation/00000.xml (VOC), root/splits/{train,test}.txt, and what M3FD
    does not have: root/objects.json, per id the light and for each object its class, `box_xyxy` in pixels and
    `shown_by` (both, infrared or visible): the known answer to which camera can find it.

    Args:
        root: the folder to make; files of equal names are replaced.
        train: number of pairs in the training split; ids run through it first, then through the test split.
        test: number of pairs in the test split.
        seed: another seed gives other scenes.
        size: width and height of the images in pixels.
    """
    ids = [f"{index:05d}" for index in range(train + test)]
    objects = {}
    for index, stem in enumerate(ids):
        scene = describe_scene(np.random.default_rng((seed, index)), size)
        infrared, visible = render_scene(scene)
        write_image(root / "Ir" / f"{stem}.png", torch.from_numpy(infrared).expand(3, -1, -1))
        write_image(root / "Vis" / f"{stem}.png", torch.from_numpy(visible).permute(2, 0, 1))
        write_bytes(root / "Annotation" / f"{stem}.xml", _voc(stem, scene))
        objects[stem] = {
            "light": scene.light,
            "objects": [
                {"class": thing.kind, "box_xyxy": box_of(thing, scene.camera), "shown_by": thing.shown_by}
                for thing in scene.things
            ],
        }
    write_text(root / "splits" / "train.txt", "".join(f"{stem}\n" for stem in ids[:train]))
    write_text(root / "splits" / "test.txt", "".join(f"{stem}\n" for stem in ids[train:]))
    write_json(root / "objects.json", objects)


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
