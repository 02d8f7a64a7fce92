"""Tiny detection data sets on disk: the same scene in every label format."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

CLASSES = ("People", "Car", "Bus")
SIZE = (40, 30)
OBJECTS = (("Car", (4.0, 6.0, 14.0, 21.0)), ("People", (20.5, 3.25, 26.0, 29.0)))
SHARED = Path(os.environ.get("STABLEFUSE_SHARED", "."))

needs_shared = pytest.mark.skipif("STABLEFUSE_SHARED" not in os.environ, reason="STABLEFUSE_SHARED is not set")


def write_blank(path: Path, size: tuple[int, int] = SIZE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((size[1], size[0]), 7, np.uint8))


def voc_text() -> str:
    objects = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax>"
        "</bndbox></object>"
        for name, (x1, y1, x2, y2) in OBJECTS
    )
    return f"<annotation><size><width>{SIZE[0]}</width><height>{SIZE[1]}</height></size>{objects}</annotation>"


def yolo_text() -> str:
    lines = ""
    for name, (x1, y1, x2, y2) in OBJECTS:
        lines += f"{CLASSES.index(name)} {(x1 + x2) / 80} {(y1 + y2) / 60} {(x2 - x1) / 40} {(y2 - y1) / 30}\n"
    return lines


def coco_content(stems: Iterable[str]) -> dict[str, Any]:
    """Use ids that differ from the positions in the lists, so that records can only be found by id and name."""
    numbers = {"Bus": 1, "Unused": 2, "Car": 3, "People": 9}
    images = [{"id": n, "file_name": f"Vis/{s}.png", "width": 40, "height": 30} for n, s in enumerate(stems, 50)]
    annotations = [
        {"id": n, "image_id": image["id"], "category_id": numbers[name], "bbox": [x1, y1, x2 - x1, y2 - y1]}
        for image in images
        for n, (name, (x1, y1, x2, y2)) in enumerate(OBJECTS)
    ]
    categories = [{"id": number, "name": name} for name, number in numbers.items()]
    return {"images": images, "annotations": annotations, "categories": categories}


def make_folder(
    root: Path,
    stems: Iterable[str],
    label_format: str = "voc",
    names: tuple[str, str, str] = ("Vis", "Ir", "Annotation"),
) -> Path:
    """Write pairs with labels to folders called `names`: visible, infrared, labels."""
    stems = list(stems)
    for stem in stems:
        write_blank(root / names[0] / f"{stem}.png")
        write_blank(root / names[1] / f"{stem}.png")
    if label_format == "coco":
        (root / "annotations.json").write_text(json.dumps(coco_content(stems)))
        return root
    (root / names[2]).mkdir(parents=True)
    text, suffix = (voc_text(), ".xml") if label_format == "voc" else (yolo_text(), ".txt")
    for stem in stems:
        (root / names[2] / f"{stem}{suffix}").write_text(text)
    return root
