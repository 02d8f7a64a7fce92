"""Load a pipeline's settings by name, and change them strictly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

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
Settings = dict[str, Any]


def list_pipelines() -> dict[str, str]:
    """Map each pipeline's name to the first line of its config's head comment."""
    return {path.stem: _first_comment(path) for path in sorted(CONFIGS.glob("*.py"))}


def load_settings(name: str) -> Settings:
    """Read the settings of a pipeline.

    Raises:
        InputError: no such pipeline, with the nearest one and the list.
    """
    if name not in list_pipelines():
        raise unknown_name("pipeline", name, list_pipelines())
    settings: Settings = Config.fromfile(CONFIGS / f"{name}.py").to_dict()
    return settings


def load_training(recipe: str) -> Settings:
    """Read how a pipeline trains the network, the section `training` of its settings.

    Raises:
        InputError: no such pipeline, with the nearest one and the list.
    """
    training: Settings = load_settings(recipe)["training"]
    return training


def override(settings: Settings, key: str, value: Any) -> None:
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


def known_keys(settings: Settings) -> Iterator[str]:
    """List every key that can be set, dotted."""
    return (key for key, _ in flatten(settings) if not key.startswith("sample.settings."))  # those are other settings'


def flatten(settings: Settings, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """List every value with its dotted key."""
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


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
