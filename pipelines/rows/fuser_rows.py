"""Rows with fused images: each is a fuser with its options, or a folder of images that other code has fused."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from fusion.errors import FuserError, InputError, unknown_name
from fusion.fusers import (
    SHIPPED,
    build_fuser,
    fuser_class,
    fuser_files,
    installed_fusers,
    require_options,
)
from pipelines.overrides import SettingsDict, flatten, override
from pipelines.settings import FuserSettings, TrainingSettings, resolve_training
from pipelines.stages import Inputs

if TYPE_CHECKING:
    from fusion import Fuser

SOURCES = ("infrared", "visible")  # one camera alone: no fusion
BASELINES = (*SOURCES, "average")  # rows of every table
FOLDER = "folder"  # as `type`: images that other code has fused
_TRAIN = "train"  # as `weights`: train the network in the pipeline
TRAINABLE = "isfuse"  # the network that a pipeline trains, and that variants are variants of


@dataclass(frozen=True)
class FuserRow:
    """One row of a table.

    Attributes:
        name: of the row, and of its stage folders.
        fuser: what `build_fuser` takes, or "folder".
        given: the options as the user wrote them, `type` included.
        options: the arguments of the fuser's constructor.
        training: the settings the network is trained with; None where the pipeline trains nothing.
        fold: whose training pairs the network is trained on; None without folds.

    `unfused_rows` says what the other attributes tell.
    """

    name: str
    fuser: str
    given: Mapping[str, Any]
    options: Mapping[str, Any]
    training: TrainingSettings | None
    fold: int | None = None

    def trained_for(self, name: str, seed: int, fold: int | None) -> FuserRow:
        """Return the row under another name, with its network trained for one seed of the table and one fold.

        The seed of the training is the sum of that of the table and `training.schedule.seed`.
        """
        assert self.training is not None  # of a row that trains its network
        schedule = replace(self.training.schedule, seed=self.training.schedule.seed + seed)
        return replace(self, name=name, training=replace(self.training, schedule=schedule), fold=fold)

    fuses: ClassVar[bool] = True
    trains: ClassVar[bool] = True
    suffix: ClassVar[str] = ".png"
    networks: ClassVar[int | None] = 1

    @property
    def level(self) -> str:
        """Where the two cameras meet: "source", not at all, or "pixel"."""
        return "source" if self.name in SOURCES else "pixel"

    @property
    def folder(self) -> Path | None:
        """The folder of images that other code has fused; None for a fuser."""
        return Path(self.options["dir"]) if self.fuser == FOLDER else None

    @property
    def learned(self) -> bool:
        """Whether the fuser has trained weights."""
        return self.fuser != FOLDER and fuser_class(self.fuser).learned

    @property
    def training_stage(self) -> str:
        """Name of the stage that trains the network."""
        return f"train_fusion/{self.name}"

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the stages that must run before the fuser can be built."""
        return (self.training_stage,) if self.training else ()

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Files and folders that decide what the row shows: given weights, models, code, images."""
        if self.folder:
            return (self.folder,)
        files = fuser_files(self.fuser, self.options)
        return tuple(path for option, path in files.items() if option != "weights" or not self.training)

    @property
    def key(self) -> dict[str, Any]:
        """The settings that decide what the row shows, as JSON values."""
        package = installed_fusers().get(self.fuser)
        named = {"type": self.fuser} if "type" in self.given else {}
        return {**self.options, **named, **({"package": package} if package else {})}

    def build(self, inputs: Inputs) -> Fuser:
        """Build the fuser inside a stage that needs `needs`.

        Raises:
            FuserError: it refuses its options, such as a broken file of weights; this is the fault of this row alone.
        """
        weights = {"weights": str(inputs[self.training_stage] / "best.safetensors")} if self.training else {}
        try:
            return build_fuser(self.fuser, **{**self.options, **weights})
        except InputError as error:
            raise FuserError(str(error)) from error


def fuser_row(fusers: FuserSettings, name: str, fuser: str, given: Mapping[str, Any], device: str) -> FuserRow:
    """Build and check the row of a fuser or of a folder of fused images.

    Args:
        fusers: as the user named them.
        name: of the row.
        fuser: as `FuserRow.fuser`.
        given: as `FuserRow.given`.
        device: default of a fuser that has an option `device`.

    Raises:
        InputError: an unknown option, a missing file or folder, or a variant that changes a setting that does not
            exist.
    """
    options = {option: value for option, value in given.items() if option != "type"}
    if fuser == FOLDER:
        row = FuserRow(name, fuser, given, options, None)
        _require_dir(row)
    else:
        if "device" in inspect.signature(fuser_class(fuser)).parameters:
            options.setdefault("device", device)
        if fuser == TRAINABLE and "type" in given:
            options.setdefault("weights", SHIPPED)
        trained = name in fusers.variants or (fuser == TRAINABLE and options.get("weights") == _TRAIN)
        row = FuserRow(name, fuser, given, options, _training(fusers, name) if trained else None)
        require_options(fuser, options)
    for path in row.inputs:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder (named by fuser_options.{name})")
    return row


def _require_dir(row: FuserRow) -> None:
    for option in row.options:
        if option != "dir":
            raise unknown_name(f"option of type {FOLDER!r}", option, ["dir"])
    if not isinstance(row.options.get("dir"), str):
        raise InputError(
            f"fuser_options.{row.name}: type {FOLDER!r} needs a folder. Try: fuser_options.{row.name}.dir=DIR"
        )


def _training(fusers: FuserSettings, name: str) -> TrainingSettings:
    """Apply what makes a variant to the settings of the training."""
    training: SettingsDict = deepcopy(fusers.training)
    for key, value in flatten(dict(fusers.variants.get(name, {}))):
        override(training, key, value)
    return resolve_training(training)
