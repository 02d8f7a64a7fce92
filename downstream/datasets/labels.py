"""Read the boxes that belong to one folder of images, in any of the three label formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from downstream.datasets.boxes import Box, LabelFaults, clean_boxes
from downstream.datasets.coco import read_coco
from downstream.datasets.folders import find_label_folder
from downstream.datasets.voc import read_voc
from downstream.datasets.yolo_txt import read_yolo_txt
from fusion.errors import unknown_name
from fusion.images import Pair, files_by_stem, require_same_stems

COCO_FILE = "annotations.json"
READERS = {"voc": (".xml", read_voc), "yolo": (".txt", read_yolo_txt)}


def read_labels(
    folder: Path,
    label_format: str,
    classes: Sequence[str],
    pairs: Sequence[Pair],
    sizes: Mapping[str, tuple[int, int]],
) -> tuple[dict[str, tuple[Box, ...]], LabelFaults]:
    """Read the boxes of the images in `sizes` and clip them to their image.

    Args:
        folder: contains the label folder, or annotations.json.
        label_format: `voc`, `yolo` or `coco`.
        classes: the known class names; for `yolo` in the order of the class numbers.
        pairs: all pairs of `folder`; every pair must have a label and every label a pair.
        sizes: width and height in pixels by stem, of the pairs whose labels are read.

    Returns:
        The boxes by stem, and the number of clipped and dropped ones.

    Raises:
        InputError: the format is unknown, labels and images do not match, or a label is invalid.
    """
    require_label_format(label_format)
    stems, images_dir = [pair.stem for pair in pairs], pairs[0].visible.parent
    found: dict[str, list[Box]]
    if label_format == "coco":
        source = folder / COCO_FILE
        found = read_coco(source, classes, sizes)
        require_same_stems(stems, images_dir, found, source)
        where = {stem: f"{source}: {stem}" for stem in sizes}
    else:
        suffix, read = READERS[label_format]
        source = find_label_folder(folder)
        files = files_by_stem(source, (suffix,), "labels")
        require_same_stems(stems, images_dir, files, source)
        found = {stem: read(files[stem], classes, size) for stem, size in sizes.items()}
        where = {stem: str(files[stem]) for stem in sizes}
    boxes, faults = {}, LabelFaults()
    for stem, (width, height) in sizes.items():
        kept, here = clean_boxes(found[stem], width, height, where[stem])
        boxes[stem], faults = tuple(kept), faults + here
    return boxes, faults


def require_label_format(name: str) -> None:
    """Check that `name` is a label format.

    Raises:
        InputError: the format is unknown; the message lists the known ones.
    """
    if name not in ("coco", *READERS):
        raise unknown_name("label format", name, ["coco", *READERS])
