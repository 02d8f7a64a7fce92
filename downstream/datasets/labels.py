"""Read the boxes that belong to one folder of images, in any of the three label formats."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from downstream.datasets.boxes import Box, LabelFaults, clean_boxes
from downstream.datasets.coco import read_coco
from downstream.datasets.folders import find_label_folder
from downstream.datasets.label_transform import LabelTransform
from downstream.datasets.voc import read_voc
from downstream.datasets.yolo_txt import read_yolo_txt
from fusion.errors import InputError, unknown_name
from fusion.images import Pair, files_by_stem, require_same_stems

COCO_FILE = "annotations.json"
_COMPANIONS = ("classes", "predefined_classes")  # lists of class names that labelling tools leave among YOLO labels
READERS = {"voc": (".xml", read_voc), "yolo": (".txt", read_yolo_txt)}


@dataclass(frozen=True)
class BoxLabels:
    """The labels of one folder of images, found but not yet cleaned.

    Attributes:
        source: the label folder, or the file with all labels.
        stems: the images that they belong to.
        unlabelled: the images among them without a label file, which show no object.
        read: reads the boxes, given stem and (width, height) of an image.
        where: names the labels of an image, given its stem.
    """

    source: Path
    stems: Collection[str]
    unlabelled: Collection[str]
    where: Callable[[str], str]
    read: Callable[[str, tuple[int, int]], list[Box]]


def read_labels(
    folder: Path,
    label_format: str,
    classes: Sequence[str],
    pairs: Sequence[Pair],
    sizes: Mapping[str, tuple[int, int]],
    transform: LabelTransform | None = None,
) -> tuple[dict[str, tuple[Box, ...]], LabelFaults]:
    """Read the boxes of the images in `sizes` and clean them.

    Args:
        folder: contains the label folder, or annotations.json.
        label_format: `voc`, `yolo` or `coco`.
        classes: the known class names; for `yolo` in the order of the class numbers.
        pairs: all pairs of `folder`.
        sizes: width and height in pixels by stem, of the pairs whose labels are read.
        transform: brings the labels into the registered images; None if they were drawn on such.

    Returns:
        The boxes by stem, and what was mended.

    Raises:
        InputError: as `find_labels`, labels and images do not match, a label is invalid, or `require_pixels`.
    """
    stems, images_dir = [pair.stem for pair in pairs], pairs[0].visible.parent
    sizes = dict.fromkeys(sizes, transform.size) if transform else sizes
    labels = find_labels(folder, label_format, classes, stems, sizes)
    require_same_stems(stems, images_dir, labels.stems, labels.source)
    found = {stem: labels.read(stem, size) for stem, size in sizes.items()}
    require_pixels(labels.source, label_format, [box for boxes in found.values() for box in boxes])
    boxes, faults = {}, LabelFaults(unlabelled=sum(stem in labels.unlabelled for stem in sizes))
    for stem, size in sizes.items():
        kept, here = usable_boxes(found[stem], size, labels.where(stem), transform)
        boxes[stem], faults = tuple(kept), faults + here
    return boxes, faults


def find_labels(
    folder: Path,
    label_format: str,
    classes: Sequence[str],
    images: Collection[str],
    sizes: Mapping[str, tuple[int, int]],
) -> BoxLabels:
    """Find the labels of one folder of images.

    VOC has a file for every image. YOLO has none for an image without objects, as ultralytics writes it; files that
    labelling tools leave among the labels are left out. COCO may list images of other folders, and its file may stand
    beside the split folders, too.

    Args:
        folder: contains the label folder, or annotations.json.
        label_format: `voc`, `yolo` or `coco`.
        classes: the known class names; for `yolo` in the order of the class numbers.
        images: stems of all images of the folder.
        sizes: width and height in pixels by stem, which a COCO file may state.

    Raises:
        InputError: the format is unknown, there are no labels, annotations.json is invalid, or a classes.txt has other
            classes.
    """
    require_label_format(label_format)
    if label_format == "coco":
        source = folder / COCO_FILE
        if not source.exists() and (folder.parent / COCO_FILE).exists():
            source = folder.parent / COCO_FILE
        listed = read_coco(source, classes, sizes)
        return BoxLabels(
            source, listed.keys() & set(images), (), lambda stem: f"{source}: {stem}", lambda stem, _: listed[stem]
        )
    suffix, read = READERS[label_format]
    source = find_label_folder(folder)
    files = files_by_stem(source, (suffix,), "labels")

    def where(stem: str) -> str:
        return str(files.get(stem, source))

    if label_format == "voc":
        return BoxLabels(source, files, (), where, lambda stem, size: read(files[stem], classes, size))
    files = without_class_lists(files, images, classes)
    if not files:
        raise InputError(f"{source}: no labels found (expected a .txt file for every image with objects)")
    unlabelled = set(images) - files.keys()
    return BoxLabels(
        source,
        files.keys() | unlabelled,
        unlabelled,
        where,
        lambda stem, size: [] if stem in unlabelled else read(files[stem], classes, size),
    )


def without_class_lists(files: Mapping[str, Path], images: Collection[str], classes: Sequence[str]) -> dict[str, Path]:
    """Leave out the lists of class names that labelling tools write among YOLO files.

    Args:
        files: by stem.
        images: stems of all images; a file of one of them is no list.
        classes: in the order of the class numbers.

    Raises:
        InputError: a list has other classes, or another order.
    """
    lists = {name for name in _COMPANIONS if name in files and name not in images}
    for name in sorted(lists):
        _require_order(files[name], classes)
    return {stem: path for stem, path in files.items() if stem not in lists}


def usable_boxes(
    boxes: Iterable[Box], size: tuple[int, int], source: str, transform: LabelTransform | None = None
) -> tuple[list[Box], LabelFaults]:
    """Clean the boxes of one image, and bring them into its registered image.

    Args:
        boxes: the objects.
        size: width and height in pixels of the image that they were drawn on.
        source: the labels, for warnings.
        transform: as for `read_labels`.

    Returns:
        The boxes, inside the image, and what was mended.
    """
    kept, faults = clean_boxes(boxes, *size, source)
    if transform is None:
        return kept, faults
    kept, outside = transform.boxes(kept)
    return kept, faults + LabelFaults(outside=outside)


def require_pixels(source: Path, label_format: str, boxes: Sequence[Box]) -> None:
    """Check that the boxes of a folder are not all smaller than a pixel, as fractions of the image size are.

    Raises:
        InputError: they are, in a format whose boxes are in pixels.
    """
    values = [value for box in boxes for value in box.xyxy]
    looks_relative = all(0 <= value <= 1 for value in values) and not all(value.is_integer() for value in values)
    if label_format != "yolo" and looks_relative:
        found = ", ".join(f"{value:g}" for value in boxes[0].xyxy)
        raise InputError(
            f"{source}: boxes look like fractions of the image size (found corners {found}, expected pixels, as "
            f"{label_format} has them). Try: labels converted to pixels, or data.labels=yolo with YOLO files"
        )


def _require_order(companion: Path, classes: Sequence[str]) -> None:
    """Check that the classes which a labelling tool has numbered are those of the data set, in this order."""
    try:
        names = [line.strip() for line in companion.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{companion}: cannot be read as text ({error})") from error
    if [name.lower() for name in names] != [name.lower() for name in classes]:
        raise InputError(
            f"{companion}: other classes than data.classes (found {', '.join(names)}; expected {', '.join(classes)}). "
            f"Try: data.classes={','.join(names)}"
        )


def require_label_format(name: str) -> None:
    """Check that `name` is a label format.

    Raises:
        InputError: the format is unknown; the message lists the known ones.
    """
    if name not in ("coco", *READERS):
        raise unknown_name("label format", name, ["coco", *READERS])
