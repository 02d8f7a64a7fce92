"""The conditions that pairs can be put under, by name and severity. Importing this module does not import torch."""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fusion.errors import InputError, one_line, unknown_name
from fusion.stress import changes
from fusion.user_code import run_file

if TYPE_CHECKING:
    from torch import Generator, Tensor

    Change = Callable[[Tensor, Tensor, float, Generator], tuple[Tensor, Tensor]]

ALL = "all"  # every condition, with its usual severities


class Kind(NamedTuple):
    """A kind of condition.

    Attributes:
        change: the function.
        severities: the usual ones.
        highest: severity.
        severity: what it is, in words.
        whole: whether it is a whole number.
    """

    change: Change
    severities: tuple[float, ...]
    highest: float
    severity: str
    whole: bool = False


CONDITIONS = {
    "without_infrared": Kind(changes.without_infrared, (1,), 1, "the share of brightness that is lost"),
    "without_visible": Kind(changes.without_visible, (1,), 1, "the share of brightness that is lost"),
    "complementary": Kind(changes.complementary, (1,), 1, "the opacity of the holes"),
    "random": Kind(changes.random, (1,), 1, "the opacity of the holes"),
    "infrared_noise": Kind(changes.infrared_noise, (20,), 255, "a standard deviation in grey levels"),
    "infrared_stripes": Kind(changes.infrared_stripes, (10,), 255, "a standard deviation in grey levels"),
    "infrared_shift": Kind(changes.infrared_shift, (2, 4, 8), 10_000, "whole pixels", whole=True),
    "visible_low_light": Kind(changes.visible_low_light, (1,), 10, "gamma less 1, halved"),
    "visible_blur": Kind(changes.visible_blur, (4,), 1_000, "how many times smaller the image gets"),
}


@dataclass(frozen=True)
class Condition:
    """What is done to the images of a pair before they are fused.

    Attributes:
        name: a key of `CONDITIONS`, or path/to/file.py:function for a function of the user's own, which takes and
            returns what those of `fusion.stress.changes` do.
        severity: in the unit of its kind; 0 changes nothing.
    """

    name: str
    severity: float

    @property
    def short_name(self) -> str:
        """The name, of a function of the user's own without its file."""
        return self.name.rpartition(":")[2]

    def __str__(self) -> str:
        """Return the short name and the severity: also the name of a folder."""
        return f"{self.short_name}@{self.severity:g}"

    @property
    def label(self) -> str:
        """The name in words, with the severity unless it is the only usual one of a share or opacity."""
        words = self.short_name.replace("_", " ")
        kind = CONDITIONS.get(self.name)
        whole = kind and kind.severities == (1,) and self.severity == 1
        return words if whole else f"{words} {self.severity:g}"

    @property
    def file(self) -> Path | None:
        """The Python file of a function of the user's own; None for a condition of `CONDITIONS`."""
        return None if self.name in CONDITIONS else Path(self.name.rpartition(":")[0])

    @property
    def digest(self) -> str:
        """What identifies the change: name and severity, and the content of the user's own file."""
        return f"{self} {hashlib.sha256(self.file.read_bytes()).hexdigest()}" if self.file else str(self)

    def apply(self, infrared: Tensor, visible: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Change a pair.

        Args:
            infrared: (1, H, W) luma in [0, 1].
            visible: (3, H, W) RGB in [0, 1], or (1, H, W).
            generator: a CPU generator.

        Returns:
            Both, of the same shapes and range.

        Raises:
            ValueError: the images are too small for the change.
            InputError: the function of the user raises an exception, or returns something else.
        """
        if self.name in CONDITIONS:
            return CONDITIONS[self.name].change(infrared, visible, self.severity, generator)
        try:
            found = _function(self.name)(infrared.clone(), visible.clone(), self.severity, generator)
        except (Exception, SystemExit) as error:
            raise InputError(f"condition {self.name}: {type(error).__name__}: {one_line(error)}") from error
        _require_pair(self.name, found, infrared, visible)
        return found


def parse_conditions(texts: Iterable[str]) -> tuple[Condition, ...]:
    """Read conditions from words such as "infrared_noise@20", each once.

    Args:
        texts: NAME for the usual severities of a condition, NAME@SEVERITY for one, "all" for every condition with its
            usual ones; NAME may be path/to/file.py:function, whose usual severity is 1.

    Raises:
        InputError: an unknown condition or severity, a file that cannot be imported, or two functions of one name.

    Example:
        >>> [str(condition) for condition in parse_conditions(["infrared_shift", "infrared_noise@5"])]
        ['infrared_shift@2', 'infrared_shift@4', 'infrared_shift@8', 'infrared_noise@5']
    """
    found = list(dict.fromkeys(condition for text in texts for condition in _parse(text.strip())))
    names = dict[str, Condition]()
    for condition in found:
        other = names.setdefault(str(condition), condition)
        if other != condition:
            raise InputError(f"condition {condition.name}: has the name of {other.name}. Try: rename the function")
    return tuple(found)


def _parse(text: str) -> list[Condition]:
    if text == ALL:
        return [Condition(name, severity) for name, kind in CONDITIONS.items() for severity in kind.severities]
    name, at, given = text.rpartition("@") if "@" in text else (text, "", "")
    if name == ALL:
        raise InputError(f"condition {text!r}: {ALL} has the usual severities (expected none). Try: {ALL}")
    if name in CONDITIONS:
        kind = CONDITIONS[name]
    elif ".py" in name:
        kind = Kind(_function(name), (1,), math.inf, "a number of your own")
    else:
        raise unknown_name("condition", name, [*CONDITIONS, ALL, "path/to/file.py:function"])
    return [Condition(name, severity) for severity in ([_severity(text, given, kind)] if at else kind.severities)]


def _severity(text: str, given: str, kind: Kind) -> float:
    try:
        severity = float(given)
    except ValueError:
        severity = math.nan
    if not 0 <= severity <= kind.highest or math.isinf(severity) or (kind.whole and severity % 1):
        usual = ", ".join(f"{one:g}" for one in kind.severities)
        most = "or more" if math.isinf(kind.highest) else f"to {kind.highest:g}"
        raise InputError(
            f"condition {text!r}: no severity (found {given!r}, expected {kind.severity} from 0 {most}; usual: {usual})"
        )
    return severity


def _function(name: str) -> Change:
    """Return the function of the user that path/to/file.py:function names."""
    path, _, function = name.rpartition(":")
    if not path or not function.isidentifier():
        raise InputError(f"condition {name!r}: no function named (expected path/to/file.py:function)")
    module = run_file(Path(path), f"condition {name!r}")
    functions = {key: value for key, value in vars(module).items() if inspect.isfunction(value)}
    if function not in functions:
        raise unknown_name(f"function of {path}", function, functions)
    return functions[function]


def _require_pair(name: str, found: object, infrared: Tensor, visible: Tensor) -> None:
    """Check what a function of the user has returned."""
    import torch

    if not isinstance(found, tuple) or len(found) != 2 or not all(isinstance(one, torch.Tensor) for one in found):
        raise InputError(f"condition {name}: returned no pair (found {type(found).__name__}, expected two tensors)")
    for what, one, given in zip(("infrared", "visible"), found, (infrared, visible), strict=True):
        where = f"condition {name}: returned {what}"
        if one.shape != given.shape or one.dtype != given.dtype:
            shapes = f"found {tuple(one.shape)} {one.dtype}, expected {tuple(given.shape)} {given.dtype}"
            raise InputError(f"{where} of another size or type ({shapes})")
        if one.isnan().any():
            raise InputError(f"{where} with NaN (expected values from 0 to 1)")
        low, high = one.min().item(), one.max().item()
        if low < 0 or high > 1:
            raise InputError(f"{where} out of range (found {low:g} to {high:g}, expected 0 to 1)")
