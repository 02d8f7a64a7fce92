"""Read every image and label of a data folder, and collect what it contains and all faults at once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from downstream.datasets.boxes import Box, LabelFaults
from downstream.datasets.folders import find_mask_folder, find_pair_folders
from downstream.datasets.image_files import image_size
from downstream.datasets.label_transform import LabelTransform
from downstream.datasets.labels import find_labels, require_pixels, usable_boxes
from downstream.datasets.masks import MASK_SUFFIXES, read_mask
from downstream.datasets.palettes import IGNORED
from downstream.datasets.plausibility import TINY, Appearance, LabelCounts, look_at
from fusion.errors import InputError, first_few
from fusion.images import Pair, files_by_stem, images_by_stem
from fusion.registration import Registration

_READERS = 4


@dataclass(frozen=True)
class LabelFiles:
    """The labels of one folder.

    Attributes:
        folder: the label folder, or the file with all labels.
        stems: the images that have a label.
        counts_of: counts boxes or pixels, given the stem and (width, height) of an image.
        check: called once all labels are counted; raises InputError for what only all together show.
    """

    folder: Path
    stems: Collection[str]
    counts_of: Callable[[str, tuple[int, int]], LabelCounts]
    check: Callable[[], None] = lambda: None


@dataclass
class Findings:
    """What a data set contains so far.

    Attributes:
        sizes: width and height in pixels, by stem of the usable pairs.
        labels: what the label says, likewise.
        appearances: how the images look, likewise.
        contents: a digest of the visible file, likewise; equal files have equal digests.
        pairs: the usable pairs.
        faults: one line for each problem.
    """

    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    labels: dict[str, LabelCounts] = field(default_factory=dict)
    appearances: dict[str, Appearance] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def class_counts(self, stems: Iterable[str]) -> Counter[str]:
        """Count the boxes or pixels of every class in the given images."""
        total = Counter[str]()
        for stem in stems:
            total.update(self.labels[stem].classes if stem in self.labels else {})
        return total

    def size_counts(self) -> Counter[str]:
        """Count the pairs of each size, named like "640x480"."""
        return Counter(f"{width}x{height}" for width, height in self.sizes.values())


def inspect_folder(
    folder: Path,
    findings: Findings,
    find_labels: Callable[[Path], LabelFiles] | None = None,
    infrared: str = "",
    visible: str = "",
    registration: Registration | None = None,
) -> list[str]:
    """Decode all images and read all labels of one folder, and add the results to `findings`.

    Args:
        folder: contains one infrared, one visible and maybe one label folder.
        findings: of the data set so far; extended.
        find_labels: finds the labels of `folder`; None if pairs need none.
        infrared: name of the infrared folder, if it is not a usual one.
        visible: name of the visible folder, likewise.
        registration: of the two cameras, as `Pair` has it.

    Returns:
        The stems that are in both image folders, sorted.
    """
    try:
        infrared_dir, visible_dir = find_pair_folders(folder, infrared, visible)
        images = images_by_stem(infrared_dir), images_by_stem(visible_dir)
    except InputError as error:
        findings.faults.append(str(error))
        return []
    labels = None
    try:
        labels = find_labels(folder) if find_labels else None
    except InputError as error:
        findings.faults.append(str(error))
    sources = [(infrared_dir, set(images[0])), (visible_dir, set(images[1]))]
    if labels:
        sources.append((labels.folder, set(labels.stems)))
    _report_missing(findings, sources)
    stems = sorted(images[0].keys() & images[1].keys())
    pairs = [Pair(stem, images[0][stem], images[1][stem], registration=registration) for stem in stems]
    with ThreadPoolExecutor(_READERS) as readers:
        results = readers.map(lambda pair: _inspect_pair(pair, labels), pairs)
        for pair, (seen, fault) in zip(
            pairs, tqdm(results, total=len(pairs), desc=f"check {folder.name}", unit="pair"), strict=True
        ):
            if pair.stem in findings.sizes:
                findings.faults.append(f"{pair.visible}: same stem as in another folder (expected unique stems)")
            elif seen is None:
                findings.faults.append(fault)
            else:
                findings.sizes[pair.stem], findings.contents[pair.stem] = seen.size, seen.content
                findings.pairs.append(pair)
                findings.labels[pair.stem], findings.appearances[pair.stem] = seen.counts, seen.appearance
    try:
        if labels:
            labels.check()
    except InputError as error:
        findings.faults.append(str(error))
    return stems


def box_labels(
    folder: Path, label_format: str, classes: Sequence[str], transform: LabelTransform | None = None
) -> LabelFiles:
    """Find the box labels of one folder; they are cleaned as a pipeline does before they are counted.

    Args:
        folder: contains the images, and the label folder or annotations.json.
        label_format: `voc`, `yolo` or `coco`.
        classes: the known class names; for `yolo` in the order of the class numbers.
        transform: brings the labels into the registered images; None if they were drawn on such.

    Raises:
        InputError: as `find_labels`.
    """
    visible = images_by_stem(find_pair_folders(folder)[1])
    stated = label_format == "coco"
    sizes = {stem: transform.size if transform else image_size(path) for stem, path in visible.items() if stated}
    labels = find_labels(folder, label_format, classes, visible, sizes)
    seen: list[Box] = []

    def count(stem: str, size: tuple[int, int]) -> LabelCounts:
        drawn_on = transform.size if transform else size
        boxes = labels.read(stem, drawn_on)
        seen.extend(boxes)
        kept, faults = usable_boxes(boxes, drawn_on, labels.where(stem), transform)
        shown = [box for box in kept if not box.ignore]
        return LabelCounts(
            Counter(box.class_name for box in shown),
            ignored=len(kept) - len(shown),
            tiny=sum(min(x2 - x1, y2 - y1) < TINY for x1, y1, x2, y2 in (box.xyxy for box in shown)),
            faults=faults + LabelFaults(unlabelled=stem in labels.unlabelled),
        )

    return LabelFiles(labels.source, labels.stems, count, lambda: require_pixels(labels.source, label_format, seen))


def mask_labels(
    folder: Path,
    classes: Sequence[str],
    name: str = "",
    values: Sequence[int] = (),
    transform: LabelTransform | None = None,
) -> LabelFiles:
    """Find the label masks of one folder.

    Args:
        folder: contains the folder of masks.
        classes: class names in the order of the class numbers.
        name: of the folder of masks, if it is not a usual one.
        values: as for `read_mask`.
        transform: brings the masks into the registered images; None if they were drawn on such.

    Raises:
        InputError: there are no masks.
    """
    mask_dir = find_mask_folder(folder, name)
    files = files_by_stem(mask_dir, MASK_SUFFIXES, "label masks")

    def count(stem: str, size: tuple[int, int]) -> LabelCounts:
        mask, size = read_mask(files[stem], classes, values), transform.size if transform else size
        if mask.shape[::-1] != size:
            raise InputError(
                f"{files[stem]}: size differs from its images "
                f"(found {mask.shape[1]}x{mask.shape[0]}, expected {size[0]}x{size[1]})"
            )
        mask = transform.mask(mask) if transform else mask
        counts = np.bincount(mask[mask != IGNORED], minlength=len(classes)).tolist()
        return LabelCounts(dict(zip(classes, counts, strict=True)), unknown=int((mask == IGNORED).sum()))

    return LabelFiles(mask_dir, files, count)


def _report_missing(findings: Findings, sources: list[tuple[Path, set[str]]]) -> None:
    for folder, stems in sources:
        for other, others in sources:
            if missing := sorted(others - stems):
                findings.faults.append(f"{folder}: {len(missing)} stems of {other} missing: {first_few(missing)}")


class _Seen(NamedTuple):
    size: tuple[int, int]
    counts: LabelCounts
    content: str  # a digest of the visible file
    appearance: Appearance


def _inspect_pair(pair: Pair, labels: LabelFiles | None) -> tuple[_Seen | None, str]:
    """Return what a pair shows, or None and the fault."""
    try:
        infrared, visible = pair.read()
        size = infrared.shape[2], infrared.shape[1]
        counts = labels.counts_of(pair.stem, size) if labels and pair.stem in labels.stems else LabelCounts()
        appearance = look_at(infrared, visible, pair.infrared)
    except InputError as error:
        return None, str(error)
    return _Seen(size, counts, hashlib.sha256(pair.visible.read_bytes()).hexdigest(), appearance), ""
