"""Rows that no fused image stands behind: four channels, merged networks, and predictions of other code.

Like a `FuserRow`, each of them tells
- `level`: where the two cameras meet,
- `fuses`: whether it has fused images that metrics can measure,
- `trains`: whether a network of its own is trained on its images, and `suffix`, of these images,
- `networks`: how many networks see a frame; None if unknown,
- `says`: what the report says of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from downstream.detection import METHODS, require_method
from downstream.four_channels import SUFFIX
from fusion.errors import InputError, unknown_name

EARLY, LATE, PREDICTIONS = "early", "late", "predictions"  # as `type`; the first two also as names
TYPES = {
    EARLY: "four channels into one network: red, green, blue and infrared",
    LATE: "the networks of rows=infrared,visible merged, nothing is trained; method=" + ", ".join(METHODS),
    PREDICTIONS: "boxes or masks predicted by other code: path=FILE or DIR",
}
DETECTION, SEGMENTATION = "detection", "segmentation"
MEAN = "mean"  # of class probabilities: the method for masks
EMPTY = "empty"  # as `missing`: nothing was found in images without entry
_PROBABILITIES = "proben"  # the method that needs calibrated scores


@dataclass(frozen=True)
class EarlyRow:
    """A network that takes both images of a pair as four channels.

    Attributes:
        name: of the row.
        task: of the network.
    """

    name: str
    task: str

    level: ClassVar[str] = "input"
    fuses: ClassVar[bool] = False
    trains: ClassVar[bool] = True
    suffix: ClassVar[str] = SUFFIX
    networks: ClassVar[int | None] = 1

    @property
    def says(self) -> list[str]:
        """What the report says of the row."""
        jitter = "hue, saturation and value are jittered for either camera by itself; albumentations skip four channels"
        return [
            "red, green, blue and infrared as four channels of one network",
            "start weights inflated: the new channel gets 3/4 of the mean of the three, whose mean falls to 3/4",
            *([jitter] if self.task == DETECTION else []),
        ]


@dataclass(frozen=True)
class LateRow:
    """The networks of other rows, whose predictions are merged.

    Attributes:
        name: of the row.
        members: names of the rows.
        method: of merging, one of `METHODS` for boxes, "mean" for masks.
    """

    name: str
    members: tuple[str, ...]
    method: str

    level: ClassVar[str] = "decision"
    fuses: ClassVar[bool] = False
    trains: ClassVar[bool] = False

    @property
    def networks(self) -> int | None:
        """Number of networks that see a frame."""
        return len(self.members)

    @property
    def calibrates(self) -> bool:
        """Whether the scores of the members are calibrated."""
        return self.method == _PROBABILITIES

    @property
    def says(self) -> list[str]:
        """What the report says of the row."""
        how = {MEAN: "of their class probabilities", **METHODS}[self.method]
        return [f"{self.method} of {' and '.join(self.members)}: {how}"]


@dataclass(frozen=True)
class PredictionsRow:
    """Boxes or masks of the test images that other code has predicted.

    Attributes:
        name: of the row.
        path: a COCO results file, a folder of YOLO txt files with scores, or a folder of masks.
        annotations: the COCO file that explains the ids of a results file, or None.
        missing: "empty" if images without entry show nothing; "" if they are a mistake.
    """

    name: str
    path: Path
    annotations: Path | None = None
    missing: str = ""

    level: ClassVar[str] = "external"
    fuses: ClassVar[bool] = False
    trains: ClassVar[bool] = False
    networks: ClassVar[int | None] = None

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Files and folders that decide what the row shows."""
        return (self.path, *([self.annotations] if self.annotations else []))

    @property
    def stage(self) -> str:
        """Name of the stage that reads and checks the predictions."""
        return f"predictions/{self.name}"

    @property
    def says(self) -> list[str]:
        """What the report says of the row."""
        return [f"predictions of other code, {self.path}"]


UnfusedRow = EarlyRow | LateRow | PredictionsRow


def unfused_row(name: str, kind: str, options: Mapping[str, Any], task: str, rows: Collection[str]) -> UnfusedRow:
    """Build and check a row.

    Args:
        name: of the row.
        kind: one of `TYPES`.
        options: as the user gave them, without `type`.
        task: of the pipeline.
        rows: names of all rows of the table.

    Raises:
        InputError: the task has no network; an option is unknown or missing; a member is not in the table, or cannot be
            merged; or a file does not exist.
    """
    if task not in (DETECTION, SEGMENTATION):
        raise InputError(
            f"row {name!r}: type {kind!r} needs a network, which pipelines of task {task!r} lack. "
            "Try: a pipeline of task detection or segmentation"
        )
    known = {EARLY: (), LATE: ("rows", "method"), PREDICTIONS: ("path", "annotations", "missing")}[kind]
    for option in options:
        if option not in known:
            raise unknown_name(f"option of type {kind!r}", option, known or ["type"])
    if kind == EARLY:
        return EarlyRow(name, task)
    return _late(name, options, task, rows) if kind == LATE else _predictions(name, options, task)


def _late(name: str, options: Mapping[str, Any], task: str, rows: Collection[str]) -> LateRow:
    where = f"fuser_options.{name}"
    given = options.get("rows", ["infrared", "visible"])
    members = tuple(given.split(",") if isinstance(given, str) else map(str, given))
    for member in members:
        if member not in rows:
            raise unknown_name(f"row in {where}.rows", member, rows)
    if len(members) < 2 or len(set(members)) < len(members) or name in members:
        raise InputError(f"{where}.rows={','.join(members)}: expected two or more different rows, without {name!r}")
    default = "nms" if task == DETECTION else MEAN
    method = str(options.get("method", default))
    if task == DETECTION:
        require_method(method, f"{where}.method")
    elif method != MEAN:
        raise unknown_name(f"{where}.method", method, [MEAN])
    return LateRow(name, members, method)


def _predictions(name: str, options: Mapping[str, Any], task: str) -> PredictionsRow:
    where = f"fuser_options.{name}"
    if not isinstance(options.get("path"), str) or not options["path"]:
        raise InputError(f"{where}: type {PREDICTIONS!r} needs a file or folder. Try: {where}.path=FILE or DIR")
    missing = str(options.get("missing", ""))
    if missing not in ("", EMPTY):
        raise unknown_name(f"{where}.missing", missing, [EMPTY])
    annotations = options.get("annotations")
    row = PredictionsRow(name, Path(options["path"]), Path(str(annotations)) if annotations else None, missing)
    for path in row.inputs:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder (named by {where})")
    if task == SEGMENTATION and not row.path.is_dir():
        raise InputError(f"{row.path}: not a folder of masks (named by {where}.path)")
    if task == SEGMENTATION and missing:
        raise InputError(f"{where}.missing={missing}: for boxes only (expected a mask for every test image)")
    if row.annotations and row.path.is_dir():
        raise InputError(f"{where}.annotations: explains the ids of a results file (found a folder, {row.path})")
    return row


def require_mergeable(row: LateRow, members: Mapping[str, object], task: str) -> None:
    """Check that the networks of a late row can be merged.

    Args:
        row: the late row.
        members: its member rows, by name.
        task: of the pipeline.

    Raises:
        InputError: a member is itself a late row; or the method needs its network, which other code has kept.
    """
    for name, member in members.items():
        where = f"fuser_options.{row.name}.rows={','.join(row.members)}"
        if isinstance(member, LateRow):
            raise InputError(f"{where}: {name} merges rows itself. Try: its members {','.join(member.members)}")
        if isinstance(member, PredictionsRow) and (row.calibrates or task == SEGMENTATION):
            need = "calibrated scores" if row.calibrates else "class probabilities"
            raise InputError(f"{where}: {row.method} needs {need}, which the predictions of {name} lack")
