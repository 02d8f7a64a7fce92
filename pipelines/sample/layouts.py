"""Write generated scenes in the folder layout of a data set: M3FD with boxes, or MSRS with label masks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np

from downstream.datasets import Mask, write_mask
from fusion.errors import unknown_name
from fusion.images import write_image
from fusion.storage import write_bytes, write_json, write_text
from pipelines.sample.faces import silhouette
from pipelines.sample.generation import generate_scene
from pipelines.sample.objects import box_of, faces_of
from pipelines.sample.render import render_scene
from pipelines.sample.scene import Scene
from pipelines.sample.streets import M3FD_STREET, MSRS_CLASSES, MSRS_STREET, Street


class _Layout(NamedTuple):
    """The street of a layout, and the function that writes (split, scene) pairs and returns the scenes by stem."""

    street: Street
    write: Callable[[Path, Iterable[tuple[str, Scene]]], dict[str, Scene]]


def write_sample(
    root: Path, train: int, test: int, seed: int = 0, size: tuple[int, int] = (320, 256), layout: str = "m3fd"
) -> None:
    """Write `train` + `test` generated pairs with labels and split in the layout of a data set.

    Image k depends on (seed, k) only, so a larger sample starts with the images of a smaller one.

    In addition to the files of the data set, root/objects.json holds the light of each stem, and for each object its
    class, `box_xyxy` in pixels and `shown_by` (both, infrared or visible): the ground truth of which camera can see it.

    Args:
        root: folder to create; existing files of the same names are replaced.
        train: number of pairs in the training split, which come first.
        test: number of pairs in the test split.
        seed: of the scenes.
        size: (width, height) of the images in pixels.
        layout: "m3fd" (boxes of six classes, see `write_m3fd`) or "msrs" (masks of eight classes and background, see
            `write_msrs`).

    Raises:
        InputError: unknown layout.
    """
    if layout not in _LAYOUTS:
        raise unknown_name("layout", layout, _LAYOUTS)
    street, write = _LAYOUTS[layout]
    scenes = (
        ("train" if index < train else "test", generate_scene(np.random.default_rng((seed, index)), size, street))
        for index in range(train + test)
    )
    written = write(root, scenes)
    write_json(root / "objects.json", {stem: _ground_truth(scene) for stem, scene in written.items()})


def sample_split(root: Path) -> str:
    """Return the split of a written sample as `data.split` takes it: the folder of its lists, or "folders"."""
    lists = root / "splits"
    return str(lists) if lists.is_dir() else "folders"


def write_m3fd(root: Path, scenes: Iterable[tuple[str, Scene]]) -> dict[str, Scene]:
    """Write (split, scene) pairs with boxes, and return the scenes by stem.

    The files are root/{Vis,Ir}/00000.png, root/Annotation/00000.xml (VOC) and root/splits/{train,test}.txt.
    """
    import torch

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


def write_msrs(root: Path, scenes: Iterable[tuple[str, Scene]]) -> dict[str, Scene]:
    """Write (split, scene) pairs with label masks, and return the scenes by stem.

    The files are root/{train,test}/{vi,ir,Segmentation_labels}/00000D.png; D stands for day and fog, N for night.
    """
    import torch

    written: dict[str, Scene] = {}
    for split, scene in scenes:
        stem = f"{len(written):05d}{'N' if scene.light == 'night' else 'D'}"
        infrared, visible = render_scene(scene)
        write_image(root / split / "ir" / f"{stem}.png", torch.from_numpy(infrared)[None])
        write_image(root / split / "vi" / f"{stem}.png", torch.from_numpy(visible).permute(2, 0, 1))
        write_mask(root / split / "Segmentation_labels" / f"{stem}.png", class_mask(scene))
        written[stem] = scene
    return written


_LAYOUTS = {"m3fd": _Layout(M3FD_STREET, write_m3fd), "msrs": _Layout(MSRS_STREET, write_msrs)}


def class_mask(scene: Scene) -> Mask:
    """Return (H, W) class numbers of all objects, whichever camera shows them; nearer objects cover farther ones."""
    mask = np.zeros(scene.size[::-1], np.uint8)
    for thing in scene.things:
        mask[silhouette(faces_of(thing, scene.camera), scene.size)] = MSRS_CLASSES.index(thing.kind)
    return mask


def _ground_truth(scene: Scene) -> dict[str, Any]:
    return {
        "light": scene.light,
        "objects": [
            {"class": thing.kind, "box_xyxy": box_of(thing, scene.camera), "shown_by": thing.shown_by}
            for thing in scene.things
        ],
    }


def _voc(stem: str, scene: Scene) -> bytes:
    """Return the VOC XML of one image with the fields that M3FD uses."""
    root = ElementTree.Element("annotation")
    _add_texts(root, folder="M3FD", filename=f"{stem}.png")
    _add_texts(ElementTree.SubElement(root, "source"), database="StableFuse sample")
    _add_texts(ElementTree.SubElement(root, "size"), width=scene.size[0], height=scene.size[1], depth=3)
    _add_texts(root, segmented=0)
    for thing in scene.things:
        entry = ElementTree.SubElement(root, "object")
        _add_texts(entry, name=thing.kind, pose="Unspecified", truncated=0, difficult=0)
        x0, y0, x1, y1 = box_of(thing, scene.camera)
        _add_texts(ElementTree.SubElement(entry, "bndbox"), xmin=x0, ymin=y0, xmax=x1, ymax=y1)
    ElementTree.indent(root, "\t")
    return ElementTree.tostring(root) + b"\n"


def _add_texts(parent: ElementTree.Element, **values: str | int) -> None:
    for tag, value in values.items():
        ElementTree.SubElement(parent, tag).text = str(value)
