"""Which JSON values the file of a registration holds, and of which kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fusion.errors import InputError

DECISIVE = ("model", "matrix", "infrared_size", "visible_size", "frame")  # how images are registered; others are told


def require_json_values(values: Mapping[str, Any]) -> None:
    """Check that the decisive values are there, that no other is unknown, and that all are of the right kind.

    Raises:
        InputError: one is not.
    """
    missing = [name for name in DECISIVE if name not in values]
    unknown = [name for name in values if name not in KINDS]
    if missing or unknown:
        found = "without " + ", ".join(missing) if missing else f"with {', '.join(map(repr, unknown)):.80}"
        raise InputError(f"not a registration (found one {found}; expected {', '.join(DECISIVE)})")
    for name, value in values.items():
        is_right, expected = KINDS[name]
        if not is_right(value):
            raise InputError(f"{name}: wrong type (found {value!r:.80}, expected {expected})")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_number, value))


def _is_matrix(value: Any) -> bool:
    rows = isinstance(value, list | tuple) and len(value) == 3
    return rows and all(_are_numbers(row) and len(row) == 3 for row in value)


_COUNT = (lambda value: type(value) is int), "a whole number"
_NUMBERS = _are_numbers, "a list of numbers"
_PIXELS = (lambda value: value is None or _is_number(value)), "a number of pixels or null"
_TEXT = (lambda value: isinstance(value, str)), "a text"
KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "matrix": (_is_matrix, "three rows of three numbers"),
    **dict.fromkeys(("model", "date", "commit"), _TEXT),
    **dict.fromkeys(("infrared_size", "visible_size", "frame"), _NUMBERS),
    **dict.fromkeys(("used", "given"), _COUNT),
    **dict.fromkeys(("residual_median", "residual_95"), _PIXELS),
}
