"""Override single values of settings, strictly: no unknown keys, no values of another type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from fusion.command_line import parse_override
from fusion.errors import InputError, unknown_name

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
FREE = ("extra", "fuser_options", "on_request", "published", "variants")  # dictionaries that take any key
SettingsDict = dict[str, Any]


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


def _expected(value: Any, text: str, present: Any, nullable: bool) -> Any:
    """Return the value of an override, or its text where the present value is a text, or a list of texts."""
    if nullable and value is None:
        return None
    if isinstance(present, str) or nullable:
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
