"""The settings of the network, which can be checked before torch is imported."""

from __future__ import annotations

from typing import Any, Literal, get_args

from fusion.errors import InputError, unknown_name

GateForm = Literal["channel", "pixel", "none"]
_AT_LEAST = {"channels": 2, "shrink": 1}


def require_network(settings: dict[str, Any]) -> None:
    """Check constructor arguments of `ISFuse`; missing ones have valid defaults.

    Raises:
        InputError: an unknown gate or number of planes, or a number out of range.

    Example:
        >>> require_network({"channels": 16, "gate": "pixel"})
        >>> require_network({"shrink": 0})
        Traceback (most recent call last):
        fusion.errors.InputError: network.shrink=0: out of range (expected 1 or more)
    """
    for name, smallest in _AT_LEAST.items():
        if settings.get(name, smallest) < smallest:
            raise InputError(f"network.{name}={settings[name]}: out of range (expected {smallest} or more)")
    if (planes := settings.get("planes", 1)) not in (1, 3):
        raise InputError(f"network.planes={planes}: unknown number of planes (expected 1, luma, or 3, colour)")
    if (gate := settings.get("gate", "none")) not in get_args(GateForm):
        raise unknown_name("gate", gate, get_args(GateForm))
