"""Say what a data folder holds, as a pipeline would read it, and whether that pipeline can use it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from downstream.datasets import (
    ALL,
    FOLDERS,
    SPLITS,
    Findings,
    LabelFiles,
    assign_splits,
    box_labels,
    cut_validation,
    look_into,
    mask_labels,
    neighbour_leakage,
    require_undivided,
    split_folders,
)
from fusion.errors import InputError
from pipelines.config import Settings

_MOST_FAULTS = 20


@dataclass(frozen=True)
class DataCheck:
    """What was found, as lines of text, and all that is wrong; without a fault the data can be used."""

    lines: list[str]
    faults: list[str]

    def text(self) -> str:
        """Lay everything out for a terminal."""
        shown = [f"  {fault}" for fault in self.faults[:_MOST_FAULTS]]
        if len(self.faults) > _MOST_FAULTS:
            shown.append(f"  ... and {len(self.faults) - _MOST_FAULTS} more")
        verdict = f"NOT usable, {len(self.faults)} faults:" if self.faults else "usable"
        return "\n".join([*self.lines, verdict, *shown]) + "\n"


def check_data(settings: Settings, root: Path) -> DataCheck:
    """Decode every image and read every label below `root`.

    Args:
        settings: of the pipeline that is to use the data.
        root: the data folder.
    """
    data, findings = settings["data"], Findings()
    by_split: dict[str, list[str]] = {}
    try:
        for name, folder in _folders(root, data["split"]).items():
            names = (data.get("infrared", ""), data.get("visible", ""))
            by_split[name] = look_into(folder, findings, _label_finder(settings), *names)
        if data["split"] != FOLDERS:
            by_split = _divided(by_split[""], data["split"], data["seed"])
        if settings["task"] == "segmentation" and not by_split.get("val"):
            held_out = cut_validation(by_split["train"])
            by_split = {
                **by_split,
                "train": [s for s in by_split["train"] if s not in held_out],
                "val": sorted(held_out),
            }
    except InputError as error:
        findings.faults.append(str(error))
    needed = ("test",) if settings["task"] == "quality" else ("train", "test")
    findings.faults += [f"{root}: no pair for {name}" for name in needed if not by_split.get(name)]
    return DataCheck(_lines(settings, root, findings, by_split), findings.faults)


def _folders(root: Path, split: str) -> dict[str, Path]:
    if split == FOLDERS:
        return split_folders(root)
    require_undivided(root, split)
    return {"": root}


def _divided(stems: list[str], split: str, seed: int) -> dict[str, list[str]]:
    split_of = dict.fromkeys(stems, "test") if split == ALL else assign_splits(stems, split, seed)
    return {name: [stem for stem, of in split_of.items() if of == name] for name in SPLITS}


def _label_finder(settings: Settings) -> Callable[[Path], LabelFiles] | None:
    data = settings["data"]
    if settings["task"] == "detection":
        return partial(box_labels, label_format=data["labels"], classes=data["classes"])
    if settings["task"] == "segmentation":
        return partial(mask_labels, classes=data["classes"], name=data["masks"])
    return None


def _lines(settings: Settings, root: Path, findings: Findings, by_split: dict[str, list[str]]) -> list[str]:
    data = settings["data"]
    lines = [f"{root}, as {settings['name']} reads it; split {data['split']}"]
    lines += [f"{name}: {len(by_split[name])} pairs" for name in SPLITS if by_split.get(name)]
    sizes = findings.size_counts().most_common()
    if not sizes:
        return lines
    lines.append(f"sizes: {', '.join(f'{count} of {size}' for size, count in sizes[:6])}{', ...' * (len(sizes) > 6)}")
    if "classes" in data:
        what = "boxes" if settings["task"] == "detection" else "pixels"
        lines += _histogram(findings, by_split, data["classes"], what)
    leakage = neighbour_leakage(by_split)
    if leakage is not None and by_split.get("train"):
        lines.append(f"leakage: {leakage:.1%} of test frames have a neighbour (number ± 1) in training")
    copies = _copies(findings, by_split)
    if copies:
        lines.append(f"copies: {len(copies)} test images are also in training, first {copies[0]}")
    return lines


def _histogram(findings: Findings, by_split: dict[str, list[str]], classes: Sequence[str], what: str) -> Iterable[str]:
    """Lay out how much of every class each split has, a line per class."""
    splits = [name for name in SPLITS if by_split.get(name)]
    totals = {
        name: sum((Counter(findings.classes.get(stem, {})) for stem in by_split[name]), Counter()) for name in splits
    }
    cells = [[f"class ({what})", *splits], *([name, *(f"{totals[s][name]}" for s in splits)] for name in classes)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in cells]


def _copies(findings: Findings, by_split: dict[str, list[str]]) -> list[str]:
    """List the test images of which an equal file trains or validates."""
    seen = {findings.contents.get(stem) for name in ("train", "val") for stem in by_split.get(name, ())} - {None}
    return [stem for stem in by_split.get("test", ()) if findings.contents.get(stem) in seen]
