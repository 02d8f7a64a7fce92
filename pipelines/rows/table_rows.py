"""The rows of a table, built and checked from the names and options that the user gave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fusion.errors import InputError, unknown_name
from fusion.fusers import is_in_file, list_fusers
from pipelines.rows.fuser_rows import BASELINES, FOLDER, TRAINABLE, FuserRow, fuser_row
from pipelines.rows.unfused_rows import EARLY, LATE, TYPES, LateRow, UnfusedRow, require_mergeable, unfused_row
from pipelines.settings import FuserSettings

Row = FuserRow | UnfusedRow
_NAMES = (EARLY, LATE)  # types that are names, too, as those of fusers are


def build_rows(fusers: FuserSettings, device: str, task: str) -> tuple[Row, ...]:
    """Build and check the rows of a table: the baselines, then the chosen fusers and the variants, each once.

    Args:
        fusers: as the user named them.
        device: default of every fuser that has an option `device`.
        task: of the pipeline.

    Raises:
        InputError: an unknown fuser or option, a missing file or folder, a name that cannot be a folder, a variant that
            changes a setting that does not exist, or networks that cannot be merged.
    """
    names = list(dict.fromkeys([*BASELINES, *fusers.names, *fusers.variants]))
    rows = {name: _build_row(fusers, name, device, task, names) for name in names}
    for row in rows.values():
        if isinstance(row, LateRow):
            require_mergeable(row, {name: rows[name] for name in row.members}, task)
    for name in fusers.options:
        if name not in names and name not in (*list_fusers(), *_NAMES):
            raise unknown_name("row of fuser_options", name, names)
    return tuple(rows.values())


def _build_row(fusers: FuserSettings, name: str, device: str, task: str, names: list[str]) -> Row:
    given = _given(fusers, name)
    kind = TRAINABLE if name in fusers.variants else str(given.get("type", name))
    _require_name(fusers, name, kind, given)
    if kind in TYPES:
        return unfused_row(name, kind, {key: given[key] for key in given if key != "type"}, task, names)
    row = fuser_row(fusers, name, kind, given, device)
    if row.training and row.training.task not in (None, task):
        raise InputError(f"training.task={row.training.task} of row {name}: the pipeline's task is {task}")
    return row


def _given(fusers: FuserSettings, name: str) -> Mapping[str, Any]:
    given = fusers.options.get(name, {})
    if not isinstance(given, dict):
        raise InputError(
            f"fuser_options.{name}={given!r}: expected options of a fuser. Try: fuser_options.{name}.type=laplacian"
        )
    return given


def _require_name(fusers: FuserSettings, name: str, kind: str, given: Mapping[str, Any]) -> None:
    """Check that a row may have its name and type."""
    if "type" in given and name in (*BASELINES, *fusers.variants):
        sort = "baseline" if name in BASELINES else "variant"
        raise InputError(
            f"fuser_options.{name}.type={given['type']}: {name} is a {sort}, whose type is fixed. "
            "Try: a row with another name"
        )
    if kind not in (FOLDER, *(TYPES if "type" in given else _NAMES)) and not is_in_file(kind):
        typed = {other for other in fusers.options if "type" in _given(fusers, other)}
        known = {*list_fusers(), *_NAMES, *fusers.on_request}
        if kind not in known:
            raise unknown_name("fuser", kind, known | (typed if kind == name else {FOLDER, *TYPES}))
    if not re.fullmatch(r"\w[\w+-]*", name) or re.search(r"-(seed|fold)\d+$", name):
        raise InputError(
            f"row {name!r}: cannot be the name of a folder (expected letters, digits, _, + and -, without -seedN or "
            f"-foldN at the end). Try: fusers=NAME fuser_options.NAME.type={name}"
        )
