"""The rows of a table: each is a fuser with its options, or a folder of images that other code has fused."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.errors import FuserError, InputError, unknown_name
from fusion.fusers import (
    SHIPPED,
    build_fuser,
    fuser_class,
    fuser_files,
    installed_fusers,
    is_in_file,
    list_fusers,
    require_options,
)
from pipelines.config import SettingsDict, flatten, override
from pipelines.settings import FuserSettings, TrainingSettings, resolve_training
from pipelines.stages import Inputs

if TYPE_CHECKING:
    from fusion import Fuser

SOURCES = ("infrared", "visible")  # one camera alone: no fusion
BASELINES = (*SOURCES, "average")  # rows of every table
FOLDER = "folder"  # as `type`: images that other code has fused
_TRAIN = "train"  # as `weights`: train the network in the pipeline
_TRAINABLE = "isfuse"  # the network that a pipeline trains, and that variants are variants of


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


def build_rows(fusers: FuserSettings, device: str) -> tuple[FuserRow, ...]:
    """Build and check the rows of a table: the baselines, then the chosen fusers and the variants, each once.

    Args:
        fusers: as the user named them.
        device: default of every fuser that has an option `device`.

    Raises:
        InputError: an unknown fuser or option, a missing file or folder, a name that cannot be a folder, or a variant
            that changes a setting that does not exist.
    """
    names = list(dict.fromkeys([*BASELINES, *fusers.names, *fusers.variants]))
    rows = tuple(_build_row(fusers, name, device) for name in names)
    for name in fusers.options:
        if name not in names and name not in list_fusers():
            raise unknown_name("row of fuser_options", name, names)
    return rows


def _build_row(fusers: FuserSettings, name: str, device: str) -> FuserRow:
    given = _given(fusers, name)
    fuser = _TRAINABLE if name in fusers.variants else str(given.get("type", name))
    _require_name(fusers, name, fuser, given)
    options = {option: value for option, value in given.items() if option != "type"}
    if fuser == FOLDER:
        row = FuserRow(name, fuser, given, options, None)
        _require_dir(row)
    else:
        if "device" in inspect.signature(fuser_class(fuser)).parameters:
            options.setdefault("device", device)
        if fuser == _TRAINABLE and "type" in given:
            options.setdefault("weights", SHIPPED)
        trained = name in fusers.variants or (fuser == _TRAINABLE and options.get("weights") == _TRAIN)
        row = FuserRow(name, fuser, given, options, _training(fusers, name) if trained else None)
        require_options(fuser, options)
    for path in row.inputs:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder (named by fuser_options.{name})")
    return row


def _given(fusers: FuserSettings, name: str) -> Mapping[str, Any]:
    given = fusers.options.get(name, {})
    if not isinstance(given, dict):
        raise InputError(
            f"fuser_options.{name}={given!r}: expected options of a fuser. Try: fuser_options.{name}.type=laplacian"
        )
    return given


def _require_name(fusers: FuserSettings, name: str, fuser: str, given: Mapping[str, Any]) -> None:
    """Check that a row may have its name and type."""
    if "type" in given and name in (*BASELINES, *fusers.variants):
        kind = "baseline" if name in BASELINES else "variant"
        raise InputError(
            f"fuser_options.{name}.type={given['type']}: {name} is a {kind}, whose type is fixed. "
            "Try: a row with another name"
        )
    if fuser != FOLDER and not is_in_file(fuser) and fuser not in list_fusers():
        typed = {other for other in fusers.options if "type" in _given(fusers, other)}
        raise unknown_name("fuser", fuser, {*list_fusers(), *(typed if fuser == name else (FOLDER,))})
    if not re.fullmatch(r"\w[\w+-]*", name) or re.search(r"-(seed|fold)\d+$", name):
        raise InputError(
            f"row {name!r}: cannot be the name of a folder (expected letters, digits, _, + and -, without -seedN or "
            f"-foldN at the end). Try: fusers=NAME fuser_options.NAME.type={name}"
        )


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
