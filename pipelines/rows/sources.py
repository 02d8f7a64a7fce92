"""Which fusers a pipeline compares, and how its stages come by each of them."""

from __future__ import annotations

import inspect
import re
from copy import deepcopy
from typing import Any

from fusion import list_fusers
from fusion.errors import InputError, unknown_name
from fusion.fusers import SHIPPED, fuser_class, is_in_file, require_options
from pipelines.config import Settings, flatten, override
from pipelines.rows.fuser_of_row import FOLDER, FuserSource

SOURCES = ("infrared", "visible")  # one camera alone: no fusion
BASELINES = (*SOURCES, "average")  # a score without them says nothing
_TRAIN = "train"  # as weights: those that the pipeline makes first
_TRAINABLE = "isfuse"  # what a pipeline can train, and what a variant is a variant of


def fuser_names(settings: Settings) -> list[str]:
    """List the rows of the table: the baselines first, then the chosen fusers and the variants, each once.

    Raises:
        InputError: an unknown fuser or option, a file or folder that is not there, or a row that cannot name a folder.
    """
    rows = list(dict.fromkeys([*BASELINES, *settings["fusers"], *settings["variants"]]))
    for row in rows:
        _require_fuser(settings, row)
    for row in settings["fuser_options"]:
        if row not in rows and row not in list_fusers():
            raise unknown_name("row of fuser_options", row, rows)
    return rows


def fuser_source(settings: Settings, row: str) -> FuserSource:
    """Read from the settings how a stage comes by the fuser of a row.

    The option `type` says which fuser it is; without one the row is called like it. The pipeline trains every variant,
    and the network if its weights are called "train".
    """
    name, given = _type_of(settings, row), _given(settings, row)
    options = {option: value for option, value in given.items() if option != "type"}
    if name == FOLDER:
        return FuserSource(name, row, given, options, None)
    if "device" in inspect.signature(fuser_class(name)).parameters:
        options.setdefault("device", settings["device"])
    if name == _TRAINABLE and "type" in given:
        options.setdefault("weights", SHIPPED)
    trained = row in settings["variants"] or (name == _TRAINABLE and options.get("weights") == _TRAIN)
    return FuserSource(name, row, given, options, _training(settings, row) if trained else None)


def _given(settings: Settings, row: str) -> dict[str, Any]:
    given = settings["fuser_options"].get(row, {})
    if not isinstance(given, dict):
        raise InputError(f"fuser_options.{row}={given!r}: expected options, such as fuser_options.{row}.type=laplacian")
    return given


def _type_of(settings: Settings, row: str) -> str:
    return _TRAINABLE if row in settings["variants"] else str(_given(settings, row).get("type", row))


def _require_fuser(settings: Settings, row: str) -> None:
    """Check of a row what can be checked without building its fuser."""
    name, given = _type_of(settings, row), _given(settings, row)
    if "type" in given and row in (*BASELINES, *settings["variants"]):
        kind = "baseline" if row in BASELINES else "variant"
        raise InputError(f"fuser_options.{row}.type={given['type']}: {row} is a {kind}; expected a row of another name")
    if name != FOLDER and not is_in_file(name) and name not in list_fusers():
        typed = {other for other in settings["fuser_options"] if "type" in _given(settings, other)}
        raise unknown_name("fuser", name, {*list_fusers(), *(typed if name == row else (FOLDER,))})
    if not re.fullmatch(r"\w[\w+-]*", row):
        raise InputError(f"row {row!r}: cannot name a folder; expected fusers=NAME fuser_options.NAME.type={row}")
    source = fuser_source(settings, row)
    if name == FOLDER:
        _require_dir(source)
    else:
        require_options(name, source.options)
    for path in source.inputs:
        if not path.exists():
            raise InputError(f"{path}: not there; expected what fuser_options.{row} names")


def _require_dir(source: FuserSource) -> None:
    for option in source.options:
        if option != "dir":
            raise unknown_name(f"option of type {FOLDER!r}", option, ["dir"])
    if not isinstance(source.options.get("dir"), str):
        raise InputError(f"fuser_options.{source.row}: type {FOLDER!r} needs the option dir=FOLDER")


def _training(settings: Settings, row: str) -> Settings:
    """Apply what makes a variant to the settings of the training.

    Raises:
        InputError: the variant changes a setting that does not exist.
    """
    training: Settings = deepcopy(settings["training"])
    for key, value in flatten(settings["variants"].get(row, {})):
        override(training, key, value)
    return training
