"""Write the images of a row and their labels as the folder that a YOLO trains on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from downstream.datasets import SPLITS, DetectionData, image_size, write_yolo_txt
from downstream.four_channels import CHANNELS, SUFFIX
from fusion.errors import InputError
from fusion.storage import link_or_copy, unwritable, write_text


def write_yolo_data(
    out_dir: Path, data: DetectionData, fused_dir: Path, suffix: str = ".png", instead: Mapping[str, Path] | None = None
) -> Path:
    """Write `out_dir`/images and `out_dir`/labels, each with one folder per split, and data.yaml.

    The folder can be moved, because data.yaml contains relative paths. Without a val split, data.yaml names the test
    images as val. Split folders of an earlier, perhaps interrupted call are replaced.

    Args:
        out_dir: created if missing.
        data: the pairs, boxes and splits.
        fused_dir: contains an image STEM`suffix` for every item, of the size of its pair; files are hard-linked if
            possible, else copied.
        suffix: of the images; that of `downstream.four_channels` says that they have four channels.
        instead: images that take the place of those of `fused_dir` in the train split, by stem.

    Returns:
        The path of data.yaml.

    Raises:
        InputError: a fused image is missing or has another size, or `out_dir` cannot be written.
    """
    for item in data.items:
        _require_fused(fused_dir / f"{item.pair.stem}{suffix}", (item.width, item.height))
    try:
        for folder in (out_dir / kind / split for kind in ("images", "labels") for split in SPLITS):
            if folder.is_dir():  # a pair may have moved to another split
                shutil.rmtree(folder)
        for item in data.items:
            stem, size = item.pair.stem, (item.width, item.height)
            shown = [box for box in item.boxes if not box.ignore]  # ultralytics leaves out difficult and crowd, too
            name = f"{stem}{suffix}"
            image = (instead or {}).get(stem, fused_dir / name) if item.split == "train" else fused_dir / name
            link_or_copy(image, out_dir / "images" / item.split / name)
            write_yolo_txt(out_dir / "labels" / item.split / f"{stem}.txt", shown, data.classes, size)
    except OSError as error:
        raise unwritable(out_dir, error) from error
    val = "val" if data.of("val") else "test"
    names = [f"  {number}: {json.dumps(name, ensure_ascii=False)}" for number, name in enumerate(data.classes)]
    channels = [f"channels: {CHANNELS}"] if suffix == SUFFIX else []
    lines = ["train: images/train", f"val: images/{val}", "test: images/test", *channels, "names:", *names]
    write_text(out_dir / "data.yaml", "\n".join(lines) + "\n")
    return out_dir / "data.yaml"


def _require_fused(path: Path, size: tuple[int, int]) -> None:
    if not path.is_file():
        raise InputError(f"{path}: no such fused image (expected one for every pair of the data set)")
    found = image_size(path)
    if found != size:
        raise InputError(
            f"{path}: size differs from its pair (found {found[0]}x{found[1]}, expected {size[0]}x{size[1]})"
        )
