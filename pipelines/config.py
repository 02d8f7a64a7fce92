"""Load a pipeline's settings by name, and change them strictly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fusion.command_line import parse_override
from fusion.errors import InputError, unknown_name

CONFIGS = Path(__file__).parent.parent / "configs"
NULLABLE = (
    "data.root",
    "detector.weights",
    "segmenter.encoder_weights",
    "training.start",
    "training.teacher",
    "start",
    "teacher",
)  # a name, or None for none
FREE = ("extra", "fuser_options", "published", "variants")
SettingsDict = dict[str, Any]


def list_pipelines() -> dict[str, str]:
    """Map each pipeline's name to the first line of its config's head comment."""
    return {path.stem: _first_comment(path) for path in sorted(CONFIGS.glob("*.py"))}


def load_settings(name: str) -> SettingsDict:
    """Read the settings of a pipeline.

    Raises:
        InputError: no such pipeline, with the nearest one and the list.
    """
    if name not in list_pipelines():
        raise unknown_name("pipeline", name, list_pipelines())
    from mmengine.config import Config

    settings: SettingsDict = Config.fromfile(CONFIGS / f"{name}.py").to_dict()
    return settings


def choose_settings(name: str, overrides: Sequence[str], data: Path | None) -> tuple[SettingsDict, Path | None]:
    """Load a pipeline's settings, apply the user's overrides, and find the data.

    Without data the sample's own settings are applied first, so that the user's still win.

    Args:
        name: of the pipeline.
        overrides: as `key.sub=value`.
        data: the data folder; None takes `data.root`, else data/NAME, else the built-in sample.

    Returns:
        The settings, and the absolute path of the data folder; None for the sample.

    Raises:
        InputError: no such pipeline, setting or data folder, or a value of the wrong type.
    """
    wanted = [parse_override(argument) for argument in overrides]
    settings = _with(load_settings(name), wanted)
    section = settings["data"]
    named = data or (Path(section["root"]) if section["root"] else None)
    if named is not None and not named.is_dir():
        raise InputError(f"{named}: no such folder (expected the data of {section['name']}). Try: --data DIR")
    usual = Path("data") / section["name"]
    root = named or (usual if usual.is_dir() else None)
    if root is None:
        settings = _with(load_settings(name), [*settings["sample"]["settings"].items(), *wanted])
    return {**settings, "name": name}, root.absolute() if root else None


def load_training(recipe: str) -> SettingsDict:
    """Read how a pipeline trains the network, the section `training` of its settings.

    Raises:
        InputError: no such pipeline, with the nearest one and the list.
    """
    training: SettingsDict = load_settings(recipe)["training"]
    return training


def override(settings: SettingsDict, key: str, value: Any) -> None:
    """Set one value that is there already, addressed as "detector.epochs".

    Below a free dictionary, one of `FREE`, any key may be new.

    Raises:
        InputError: no such key, with the nearest one and the list; or a value of another kind than the present one.
    """
    *parents, last = key.split(".")
    section: Any = settings
    free = False
    for parent in parents:
        if free:
            section.setdefault(parent, {})
        if not isinstance(section.get(parent), dict):
            raise unknown_name("setting", key, known_keys(settings))
        section = section[parent]
        free = free or parent in FREE
    if last not in section and not free:
        raise unknown_name("setting", key, known_keys(settings))
    if isinstance(section.get(last), dict) and isinstance(value, dict) and not free and last not in FREE:
        for name, inner in value.items():
            override(settings, f"{key}.{name}", inner)
        return
    section[last] = _like(section.get(last), value, key)


def known_keys(settings: SettingsDict) -> Iterator[str]:
    """List every key that can be set, dotted."""
    return (key for key, _ in flatten(settings) if not key.startswith("sample.settings."))  # those are other settings'


def flatten(settings: SettingsDict, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """List every value with its dotted key."""
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _with(settings: SettingsDict, changes: Sequence[tuple[str, Any]]) -> SettingsDict:
    for key, value in changes:
        override(settings, key, value)
    return settings


def _like(present: Any, value: Any, key: str) -> Any:
    """Check that `value` is of the kind of the present one; where that is None, a name or None is expected."""
    if isinstance(present, list):
        items = list(value) if isinstance(value, list | tuple) else [value]
        return [_like(present[0], item, key) for item in items] if present else items
    if isinstance(present, float) and type(value) is int:
        value = float(value)
    if key in NULLABLE and (value is None or isinstance(value, str)):
        return value
    if key not in NULLABLE and (present is None or type(present) is type(value)):
        return value
    raise InputError(f"setting {key}={value!r}: expected {type(present).__name__} like {present!r}")


def _first_comment(path: Path) -> str:
    lines: Sequence[str] = path.read_text(encoding="utf-8").splitlines()
    return lines[0].lstrip("# ") if lines and lines[0].startswith("#") else ""
