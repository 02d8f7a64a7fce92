"""Settings as text: load a pipeline's config by name or path, and apply what the user overrides.

`pipelines.settings` turns the result into frozen dataclasses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fusion.errors import InputError, unknown_name
from pipelines.overrides import FREE, SettingsDict, flatten, known_keys, override, override_by

CONFIGS = Path(__file__).parent.parent / "configs"


@dataclass(frozen=True)
class Chosen:
    """What the user asked for: a pipeline's settings with all overrides, and the absolute path of the data folder.

    `root` is None where the built-in sample takes the place of the data.
    """

    settings: SettingsDict
    root: Path | None

    @property
    def name(self) -> str:
        """Name of the pipeline."""
        return str(self.settings["name"])

    @property
    def task(self) -> str:
        """Name of the pipeline's task."""
        return str(self.settings["task"])

    @property
    def data_name(self) -> str:
        """Name of the data set."""
        return str(self.settings["data"]["name"])


def list_pipelines() -> dict[str, str]:
    """Map each pipeline's name to the first line of its config's head comment."""
    return {path.stem: _first_comment(path) for path in sorted(CONFIGS.glob("*.py"))}


def pipeline_name(name: str) -> str:
    """Return the name of a pipeline that is given by its name or by the path of its config.

    Example:
        >>> pipeline_name("m3fd_detect"), pipeline_name("path/to/mine.py")
        ('m3fd_detect', 'mine')
    """
    return Path(name).stem if _is_path(name) else name


def load_settings(name: str) -> SettingsDict:
    """Load the settings of a pipeline.

    A config of the user's own is Python, and is run. It needs every setting of a pipeline of its task, most of them
    from a `_base_`, whose path is relative to its folder.

    Args:
        name: of the pipeline, or the path of a config of one's own, ending in .py.

    Raises:
        InputError: no such pipeline, with the nearest one and the list; or a config that cannot be read, lacks a
            setting or has one that no pipeline of its task has.
    """
    if not _is_path(name):
        if name not in list_pipelines():
            raise unknown_name("pipeline", name, list_pipelines())
        return _read(CONFIGS / f"{name}.py")
    path = Path(name)
    settings = _read(path)
    alike = [shipped for shipped in map(load_settings, list_pipelines()) if shipped["task"] == settings.get("task")]
    if not alike:
        tasks = dict.fromkeys(load_settings(pipeline)["task"] for pipeline in list_pipelines())
        raise InputError(
            f"{path}: no pipeline (found task={settings.get('task')!r}, expected one of {', '.join(tasks)}). "
            f'Try: _base_ = ["{CONFIGS / "m3fd_detect.py"}"]'
        )
    for key in set.intersection(*(set(shipped) for shipped in alike)) - {"name"}:
        if key not in settings:
            raise InputError(
                f"{path}: no setting {key!r} (expected all of a pipeline). "
                f'Try: _base_ = ["{CONFIGS / "m3fd_detect.py"}"]'
            )
    known = set.union(*(set(known_keys(shipped)) for shipped in alike))
    for key, _ in flatten(settings):
        if key not in known and not any(part in FREE for part in key.split(".")) and not key.startswith("sample."):
            raise InputError(f"{path}: {unknown_name('setting', key, known)}")
    return settings


def _is_path(name: str) -> bool:
    return name.endswith(".py")


def _read(path: Path) -> SettingsDict:
    if not path.is_file():
        raise InputError(f"{path}: no such file (expected a config)")
    from mmengine.config import Config

    try:
        settings: SettingsDict = Config.fromfile(path).to_dict()
    except (Exception, SystemExit) as error:  # whatever the code of the user raises
        raise InputError(
            f"{path}: cannot be read as a config ({type(error).__name__}: {' '.join(str(error).split())})"
        ) from error
    return settings


def choose_settings(name: str, overrides: Sequence[str] | Mapping[str, Any], data: Path | None) -> Chosen:
    """Load a pipeline's settings, apply the user's overrides, and find the data.

    Without data the sample's own settings are applied first, so that the user's still win.

    Args:
        name: of the pipeline, or the path of a config of one's own.
        overrides: as `key.sub=value`, or values by key.
        data: the data folder; None takes `data.root`, else data/NAME, else the built-in sample.

    Raises:
        InputError: no such pipeline, setting or data folder, or a value of the wrong type.
    """
    settings = _with(load_settings(name), [], overrides)
    section = settings["data"]
    named = data or (Path(section["root"]) if section["root"] else None)
    if named is not None and not named.is_dir():
        raise InputError(f"{named}: no such folder (expected the data of {section['name']}). Try: --data DIR")
    usual = Path("data") / section["name"]
    root = named or (usual if usual.is_dir() else None)
    if root is None:
        settings = _with(load_settings(name), settings["sample"]["settings"].items(), overrides)
    return Chosen({**settings, "name": pipeline_name(name)}, root.absolute() if root else None)


def load_training(recipe: str) -> SettingsDict:
    """Load the section `training` of a pipeline's settings.

    Raises:
        InputError: no such pipeline, with the nearest one and the list.
    """
    training: SettingsDict = load_settings(recipe)["training"]
    return training


def _with(
    settings: SettingsDict, changes: Iterable[tuple[str, Any]], overrides: Sequence[str] | Mapping[str, Any]
) -> SettingsDict:
    for key, value in changes:
        override(settings, key, value)
    if isinstance(overrides, Mapping):
        for key, value in overrides.items():
            override(settings, key, str(value) if isinstance(value, Path) else value)
    else:
        for argument in overrides:
            override_by(settings, argument)
    return settings


def _first_comment(path: Path) -> str:
    lines: Sequence[str] = path.read_text(encoding="utf-8").splitlines()
    return lines[0].lstrip("# ") if lines and lines[0].startswith("#") else ""
