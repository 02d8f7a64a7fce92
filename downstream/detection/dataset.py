"""Lay fused images and their labels out as the folder a YOLO detector trains on."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from downstream.datasets import SPLITS, DetectionData, image_size, write_yolo_txt
from fusion.errors import InputError
from fusion.storage import unwritable, write_text


def write_yolo_data(out_dir: Path, data: DetectionData, fused_dir: Path) -> Path:
    """Write `out_dir`/images and labels, each with a folder per split, and data.yaml; give the path of the latter.

    The folder can be moved: data.yaml names its own neighbours. Without a val split it names the test images as val.
    What an earlier, perhaps interrupted, call left in the split folders is replaced.

    Args:
        out_dir: made where missing.
        data: the pairs, boxes and splits.
        fused_dir: holds <stem>.png of the size of its pair for every item; the files are linked, or else copied.

    Raises:
        InputError: a fused image is missing or of another size, or `out_dir` cannot be written.
    """
    for item in data.items:
        _require_fused(fused_dir / f"{item.pair.stem}.png", (item.width, item.height))
    try:
        for folder in (out_dir / kind / split for kind in ("images", "labels") for split in SPLITS):
            if folder.is_dir():  # a pair that has changed its split must not stay in the old one
                shutil.rmtree(folder)
        for item in data.items:
            stem, size = item.pair.stem, (item.width, item.height)
            _link(fused_dir / f"{stem}.png", out_dir / "images" / item.split / f"{stem}.png")
            write_yolo_txt(out_dir / "labels" / item.split / f"{stem}.txt", item.boxes, data.classes, size)
    except OSError as error:
        raise unwritable(out_dir, error) from error
    val = "val" if data.of("val") else "test"
    names = [f"  {number}: {json.dumps(name, ensure_ascii=False)}" for number, name in enumerate(data.classes)]
    lines = ["train: images/train", f"val: images/{val}", "test: images/test", "names:", *names]
    write_text(out_dir / "data.yaml", "\n".join(lines) + "\n")
    return out_dir / "data.yaml"


def _require_fused(path: Path, size: tuple[int, int]) -> None:
    if not path.is_file():
        raise InputError(f"{path}: no such fused image; expected one for every pair of the data set")
    found = image_size(path)
    if found != size:
        raise InputError(f"{path}: {found[0]}x{found[1]}; expected {size[0]}x{size[1]}, the size of its pair")


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)  # resolved: the link to a link would be a link, and relative ones break
    except OSError:  # another disk, or one without hard links
        shutil.copyfile(source, target)
