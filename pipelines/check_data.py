"""Describe a data folder as a pipeline would read it, and check whether that pipeline can use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from downstream.datasets import (
    ALL,
    FOLDERS,
    SPLITS,
    TRAIN_VAL,
    Findings,
    LabelFiles,
    assign_folds,
    assign_splits,
    box_labels,
    check_alignment,
    cut_validation,
    fold_leakage,
    image_warnings,
    inspect_folder,
    label_warnings,
    lone_class,
    mask_labels,
    neighbour_leakage,
    require_undivided,
    split_folders,
)
from fusion.errors import InputError
from pipelines.data_settings import DataSettings
from pipelines.settings import Settings

_MOST_FAULTS = 20


@dataclass(frozen=True)
class DataCheck:
    """The result of a check.

    Attributes:
        lines: a description of the data, as lines of text.
        faults: one line for each problem; without any, the data can be used.
        warnings: one line for everything odd that does not prevent it.
    """

    lines: list[str]
    faults: list[str]
    warnings: list[str]

    def text(self) -> str:
        """Format the result for a terminal, with at most 20 faults."""
        shown = [f"  {fault}" for fault in self.faults[:_MOST_FAULTS]]
        if len(self.faults) > _MOST_FAULTS:
            shown.append(f"  ... and {len(self.faults) - _MOST_FAULTS} more")
        verdict = f"NOT usable, {len(self.faults)} faults:" if self.faults else "usable"
        return "\n".join([*self.lines, *(f"warning: {one}" for one in self.warnings), verdict, *shown]) + "\n"


def check_data(settings: Settings, root: Path) -> DataCheck:
    """Decode every image and read every label below `root`, and split the pairs as the pipeline would.

    Args:
        settings: of the pipeline that is to use the data.
        root: the data folder.
    """
    data, findings = settings.data, Findings()
    by_split: dict[str, list[str]] = {}
    try:
        find_labels, registration = _label_finder(settings.task, data), data.load_registration()
        for name, folder in _folders(root, data.split).items():
            by_split[name] = inspect_folder(
                folder, findings, find_labels, data.infrared or "", data.visible or "", registration
            )
        if data.split not in (FOLDERS, TRAIN_VAL):
            by_split = _divide(by_split[""], data.split, data.seed)
        if data.folds:
            by_split = _cut(by_split, data)
        elif settings.task == "segmentation" and not by_split.get("val"):
            held_out = cut_validation(by_split["train"])
            train = [stem for stem in by_split["train"] if stem not in held_out]
            by_split = {**by_split, "train": train, "val": sorted(held_out)}
    except InputError as error:
        findings.faults.append(str(error))
    needed = () if data.folds else ("test",) if settings.task == "quality" else ("train", "test")
    findings.faults += [f"{root}: no pair for {name}" for name in needed if not by_split.get(name)]
    if not findings.faults:
        findings.faults += _senseless(settings, root, findings, by_split)
    pixels = sum(width * height for width, height in findings.sizes.values())
    warnings = image_warnings(findings.appearances)
    warnings += label_warnings(list(findings.labels.values()), pixels, data.classes or ())
    if settings.task == "detection" and not findings.class_counts(by_split.get("test", ())).total() and not data.folds:
        warnings.append("no box in the test pairs: their scores are undefined")
    alignment = check_alignment(findings.pairs)
    lines = [*_lines(settings, root, findings, by_split), *alignment.lines]
    return DataCheck(lines, findings.faults, [*warnings, *alignment.warnings])


def _senseless(settings: Settings, root: Path, findings: Findings, by_split: dict[str, list[str]]) -> Iterable[str]:
    """List why training on data that can be read would make no sense."""
    if findings.appearances and all(one.alike for one in findings.appearances.values()):
        yield f"{root}: infrared and visible images are the same (expected two cameras)"
    if settings.task == "segmentation" and (fault := lone_class(root, findings.class_counts(findings.labels))):
        yield fault
    if settings.task == "detection":
        stems = findings.labels if settings.data.folds else by_split["train"]
        if not findings.class_counts(stems).total():
            yield f"{root}: no box to train on (expected objects of {', '.join(settings.data.classes or ())})"


def _folders(root: Path, split: str) -> dict[str, Path]:
    if split in (FOLDERS, TRAIN_VAL):
        return split_folders(root, split)
    require_undivided(root, split)
    return {"": root}


def _divide(stems: list[str], split: str, seed: int) -> dict[str, list[str]]:
    split_of = dict.fromkeys(stems, "test") if split == ALL else assign_splits(stems, split, seed)
    return {name: [stem for stem, of in split_of.items() if of == name] for name in SPLITS}


def _cut(by_split: dict[str, list[str]], data: DataSettings) -> dict[str, list[str]]:
    """Cut the pairs of all splits into folds."""
    stems = sorted(stem for of_split in by_split.values() for stem in of_split)
    fold_of = assign_folds(stems, data.folds, data.groups)
    return {
        f"fold {fold}": [stem for stem, of in zip(stems, fold_of, strict=True) if of == fold]
        for fold in range(1, data.folds + 1)
    }


def _label_finder(task: str, data: DataSettings) -> Callable[[Path], LabelFiles] | None:
    classes, transform = data.classes or (), data.label_transform()
    if task == "detection":
        return partial(box_labels, label_format=data.labels or "", classes=classes, transform=transform)
    if task == "segmentation":
        return partial(
            mask_labels, classes=classes, name=data.masks or "", values=data.mask_values, transform=transform
        )
    return None


def _lines(settings: Settings, root: Path, findings: Findings, by_split: dict[str, list[str]]) -> list[str]:
    data = settings.data
    lines = [f"{root}, as {settings.name} reads it; split {data.split}"]
    lines += [f"{name}: {len(by_split[name])} pairs" for name in _present(by_split)]
    sizes = findings.size_counts().most_common()
    if not sizes:
        return lines
    lines.append(f"sizes: {', '.join(f'{count} of {size}' for size, count in sizes[:6])}{', ...' * (len(sizes) > 6)}")
    if data.classes is not None:
        unit = "boxes" if settings.task == "detection" else "pixels"
        lines += _histogram(findings, by_split, data.classes, unit)
        counts = list(findings.labels.values())
        ignored, unlabelled = sum(one.ignored for one in counts), sum(one.faults.unlabelled for one in counts)
        lines += [f"ignored: {ignored} boxes are difficult or a crowd"] if ignored else []
        lines += [f"background: {unlabelled} images without a label file"] if unlabelled else []
    leakage = fold_leakage(list(by_split.values())) if data.folds else neighbour_leakage(by_split)
    if leakage is not None and (data.folds or by_split.get("train")):
        lines.append(f"leakage: {leakage:.1%} of test frames have a neighbour (number ± 1) in training")
    copies = _copies(findings, by_split)
    if copies:
        where = "another fold" if data.folds else "training"
        lines.append(f"copies: {len(copies)} test images are also in {where}, first {copies[0]}")
    return lines


def _present(by_split: dict[str, list[str]]) -> list[str]:
    """List the splits or folds that have pairs: train, val and test in this order, or the folds."""
    return [name for name in (*SPLITS, *(name for name in by_split if name not in SPLITS)) if by_split.get(name)]


def _histogram(findings: Findings, by_split: dict[str, list[str]], classes: Sequence[str], unit: str) -> Iterable[str]:
    """Format the number of boxes or pixels per class and split, one line per class."""
    splits = _present(by_split)
    totals = {name: findings.class_counts(by_split[name]) for name in splits}
    cells = [[f"class ({unit})", *splits], *([name, *(f"{totals[s][name]}" for s in splits)] for name in classes)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in cells]


def _copies(findings: Findings, by_split: dict[str, list[str]]) -> list[str]:
    """List the test images of which an identical file is in train or val, or in another fold."""
    content = findings.contents
    tested = [name for name in by_split if name not in ("train", "val")]
    found = []
    for name in tested:
        others = {content.get(stem) for other in by_split if other != name for stem in by_split[other]} - {None}
        found += [stem for stem in by_split[name] if content.get(stem) in others]
    return found
