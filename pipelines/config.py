"""Settings as text: load a pipeline's config by name and override single values, strictly.

`pipelines.settings` turns the result into frozen dataclasses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fusion.command_line import parse_override
from fusion.errors import InputError, unknown_name

CONFIGS = Path(__file__).parent.parent / "configs"
NULLABLE = (
    "data.root",
    "data.registration",
    "detector.weights",
    "segmenter.encoder_weights",
    "training.start",
    "training.teacher",
    "start",
    "teacher",
)  # settings that take a name or None
OWN_CHECK = (
    "data.infrared_range",
    "data.mask_values",
)  # settings that take values of several types, which their owner checks
FREE = ("extra", "fuser_options", "published", "variants")  # dictionaries that take any key
SettingsDict = dict[str, Any]


@dataclass(frozen=True)
class Chosen:
    """What the user asked for: a pipeline's settings with all overrides, and the absolute path of the data folder.

    `root` is None where the built-in sample takes the place of the data.
    """

    settings: SettingsDict
    root: Path | None

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


def load_settings(name: str) -> SettingsDict:
    """Load the settings of a pipeline.

    Raises:
        InputError: no such pipeline, with the nearest one and the list.
    """
    if name not in list_pipelines():
        raise unknown_name("pipeline", name, list_pipelines())
    from mmengine.config import Config

    settings: SettingsDict = Config.fromfile(CONFIGS / f"{name}.py").to_dict()
    return settings


def choose_settings(name: str, overrides: Sequence[str], data: Path | None) -> Chosen:
    """Load a pipeline's settings, apply the user's overrides, and find the data.

    Without data the sample's own settings are applied first, so that the user's still win.

    Args:
        name: of the pipeline.
        overrides: as `key.sub=value`.
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
    return Chosen({**settings, "name": name}, root.absolute() if root else None)


def load_training(recipe: str) -> SettingsDict:
    """Load the section `training` of a pipeline's settings.

    Raises:
        InputError: no such pipeline, with the nearest one and the list.
    """
    training: SettingsDict = load_settings(recipe)["training"]
    return training


def override(settings: SettingsDict, key: str, value: Any) -> None:
    """Change one existing value, addressed by a dotted key.

    Below a dictionary named in `FREE`, new keys are allowed.

    Raises:
        InputError: no such key, with the nearest one and the list; or a value of another type than the present one.

    Example:
        >>> settings = {"detector": {"epochs": 300}}
        >>> override(settings, "detector.epochs", 12)
        >>> settings
        {'detector': {'epochs': 12}}
    """
    if not key.isprintable():  # error messages are one line
        raise unknown_name("setting", key, known_keys(settings))
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


def override_by(settings: SettingsDict, argument: str) -> None:
    """Change one existing value as `key.sub=value` says; where a text is expected, a text is read.

    So a folder may be called 2024_11_30 or a,b, although these would be a number and a list elsewhere.

    Raises:
        InputError: as `parse_override` and `override`.

    Example:
        >>> settings = {"data": {"name": "M3FD", "seed": 0}}
        >>> override_by(settings, "data.name=1e3")
        >>> override_by(settings, "data.seed=3")
        >>> settings
        {'data': {'name': '1e3', 'seed': 3}}
    """
    key, value = parse_override(argument)
    if not isinstance(value, str) and key not in OWN_CHECK:
        value = _expected(value, argument.partition("=")[2], _value_at(settings, key), key in NULLABLE)
    override(settings, key, value)


def known_keys(settings: SettingsDict) -> Iterator[str]:
    """List the dotted keys of all settings that a user can set."""
    return (
        key for key, _ in flatten(settings) if key.isprintable() and not key.startswith("sample.settings.")
    )  # these keys are values of the sample


def flatten(settings: SettingsDict, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """List every value with its dotted key.

    Example:
        >>> list(flatten({"detector": {"epochs": 12, "extra": {}}, "seeds": [0]}))
        [('detector.epochs', 12), ('detector.extra', {}), ('seeds', [0])]
    """
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _with(settings: SettingsDict, changes: Iterable[tuple[str, Any]], overrides: Sequence[str]) -> SettingsDict:
    for key, value in changes:
        override(settings, key, value)
    for argument in overrides:
        override_by(settings, argument)
    return settings


def _expected(value: Any, text: str, present: Any, nullable: bool) -> Any:
    """Return the value of an override, or its text where the present value is a text, or a list of texts."""
    if isinstance(present, str) or (nullable and value is not None):
        return text
    if isinstance(present, list) and all(isinstance(item, str) for item in present) and value != []:
        return [word.strip("\"' ") for word in text.strip("[]").split(",")]
    return value


def _value_at(settings: SettingsDict, key: str) -> Any:
    """Return the value of a dotted key, None if there is none."""
    section: Any = settings
    for part in key.split("."):
        section = section.get(part) if isinstance(section, dict) else None
    return section


def _like(present: Any, value: Any, key: str) -> Any:
    """Check that `value` has the type of the present one; settings in `NULLABLE` take a name or None."""
    if key in OWN_CHECK:
        return value
    if isinstance(present, list):
        items = list(value) if isinstance(value, list | tuple) else [value]
        return [_like(present[0] if present else "", item, key) for item in items]  # empty lists are of names
    if isinstance(present, float) and type(value) is int:
        with suppress(OverflowError):  # refused below
            value = float(value)
    if key in NULLABLE and (value is None or isinstance(value, str)):
        return value
    if key not in NULLABLE and (present is None or type(present) is type(value)):
        return value
    expected = "a name or None" if key in NULLABLE else f"{type(present).__name__}, like {present!r}"
    raise InputError(f"{key}={value!r}: wrong type (expected {expected})")


def _first_comment(path: Path) -> str:
    lines: Sequence[str] = path.read_text(encoding="utf-8").splitlines()
    return lines[0].lstrip("# ") if lines and lines[0].startswith("#") else ""
