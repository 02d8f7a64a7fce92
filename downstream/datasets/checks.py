"""Look at everything in a folder of pairs and labels, and gather what is there and all that is wrong with it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from downstream.datasets.folders import find_pair_folders
from fusion.errors import InputError, first_few
from fusion.images import Pair, images_by_stem

_READERS = 4
Counts = Mapping[str, int]


@dataclass(frozen=True)
class LabelFiles:
    """The labels of a folder: where they are, for which stems, and what one holds, from stem and size of its image."""

    folder: Path
    stems: Collection[str]
    held_by: Callable[[str, tuple[int, int]], Counts]


@dataclass
class Findings:
    """What is in the folders of a data set: `sizes`, `classes` and `copies` of its usable pairs, and all `faults`.

    By stem: `sizes` are width and height, `classes` what its label holds, `contents` tell equal visible images apart
    from different ones.
    """

    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    classes: dict[str, Counts] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def size_counts(self) -> Counter[str]:
        """Count the pairs of every size."""
        return Counter(f"{width}x{height}" for width, height in self.sizes.values())


def look_into(
    folder: Path,
    findings: Findings,
    find_labels: Callable[[Path], LabelFiles] | None = None,
    infrared: str = "",
    visible: str = "",
) -> list[str]:
    """Decode all images and read all labels of one folder, and add what was found to `findings`.

    Args:
        folder: holds one infrared, one visible and maybe one label folder.
        findings: of the data set so far.
        find_labels: gives the labels of `folder`; None where pairs need none.
        infrared: name of the infrared folder, where it is none of the usual ones.
        visible: likewise.

    Returns:
        The stems that are in both folders.
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
    _report_lonely(findings, sources)
    stems = sorted(images[0].keys() & images[1].keys())
    pairs = [Pair(stem, images[0][stem], images[1][stem]) for stem in stems]
    with ThreadPoolExecutor(_READERS) as readers:
        looked = readers.map(lambda pair: _look_at(pair, labels), pairs)
        for pair, (size, counts, content, fault) in zip(
            pairs, tqdm(looked, total=len(pairs), desc=f"check {folder.name}", unit="pair"), strict=True
        ):
            if pair.stem in findings.sizes:
                findings.faults.append(f"{pair.visible}: another folder has the same stem; expected each once")
            elif fault:
                findings.faults.append(fault)
            else:
                findings.sizes[pair.stem], findings.contents[pair.stem] = size, content
                findings.classes[pair.stem] = counts
    return stems


def _report_lonely(findings: Findings, sources: list[tuple[Path, set[str]]]) -> None:
    for folder, stems in sources:
        for other, others in sources:
            if lonely := sorted(others - stems):
                findings.faults.append(f"{folder}: {len(lonely)} missing that {other} has: {first_few(lonely)}")


def _look_at(pair: Pair, labels: LabelFiles | None) -> tuple[tuple[int, int], Counts, str, str]:
    """Give size, labels and a digest of the visible file, or the fault."""
    try:
        infrared, _ = pair.read()
        size = infrared.shape[2], infrared.shape[1]
        counts = labels.held_by(pair.stem, size) if labels and pair.stem in labels.stems else {}
    except InputError as error:
        return (0, 0), {}, "", str(error)
    return size, counts, hashlib.sha256(pair.visible.read_bytes()).hexdigest(), ""
