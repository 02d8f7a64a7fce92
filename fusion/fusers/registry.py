"""Look up fusers by name, check their options, build them, and list the files they depend on. Does not import torch."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from fusion.engines import weight_files
from fusion.errors import InputError, unknown_name
from fusion.fusers.catalogue import BUILT_IN
from fusion.fusers.fuser import Fuser
from fusion.fusers.learned import SHIPPED, ISFuseFuser, ISFuseLiteFuser, weights_file
from fusion.fusers.plugins import class_from_file, class_from_package, fuser_path, installed_fusers, is_in_file
from fusion.storage import Fingerprints

_PLAIN = (bool, int, float, str, Path, NoneType)  # the types of options that are checked
_ALWAYS_FILES = ("model", "weights")


def list_fusers() -> list[str]:
    """List the names that `build_fuser` knows: fusers of the project and of installed packages, sorted."""
    return sorted({*BUILT_IN, *installed_fusers()})


def describe_fusers() -> dict[str, str]:
    """Map each name of `list_fusers` to one line: what the fuser does, or which installed package it comes from.

    Example:
        >>> describe_fusers()["average"]
        'mean of the two images, pixel by pixel'
    """
    installed = {name: f"from package {package}" for name, package in installed_fusers().items()}
    built_in = {name: entry.summary for name, entry in BUILT_IN.items()}
    return {name: {**installed, **built_in}[name] for name in list_fusers()}


def fuser_class(name: str) -> type[Fuser]:
    """Look up the class of a fuser and import its module.

    Args:
        name: one of `list_fusers`, or path/to/file.py:ClassName. A name of the project takes precedence over the same
            name in an installed package.

    Raises:
        InputError: the name is unknown, or the file or package does not provide such a fuser.

    Example:
        >>> fuser_class("laplacian").__name__
        'Laplacian'
    """
    if is_in_file(name):
        return class_from_file(name)
    if name in BUILT_IN:
        module, _, class_name = BUILT_IN[name].location.partition(":")
        return cast("type[Fuser]", getattr(import_module(module), class_name))
    if name in installed_fusers():
        return class_from_package(name)
    raise unknown_name("fuser", name, list_fusers())


def build_fuser(name: str, **options: Any) -> Fuser:
    """Build a fuser by name.

    Args:
        name: as `fuser_class` takes it.
        options: the arguments of its constructor.

    Raises:
        InputError: as `fuser_class`, `require_options` and the constructor.

    Example:
        >>> import torch
        >>> infrared, visible = torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)
        >>> fused = build_fuser("laplacian", levels=2).fuse(infrared, visible)
        >>> fused.shape, float(fused.mean())
        (torch.Size([1, 1, 8, 8]), 0.5)
    """
    require_options(name, options)
    return fuser_class(name)(**options)


def require_options(name: str, options: Mapping[str, Any]) -> None:
    """Check the options of a fuser against the signature of its constructor, without building it.

    Args:
        name: as `fuser_class` takes it.
        options: the arguments of its constructor.

    Raises:
        InputError: an option is unknown, one without a default is missing, or a value does not have the annotated
            type; or a method of the project that has no weights refuses a value.
    """
    found = fuser_class(name)
    known = inspect.signature(found).parameters
    open_ended = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = {option: parameter for option, parameter in known.items() if parameter.kind not in open_ended}
    if len(named) == len(known):
        for option in options:
            if option not in known:
                raise unknown_name(f"option of fuser {name!r}", option, known)
    for option, parameter in named.items():
        if parameter.default is inspect.Parameter.empty and option not in options:
            raise InputError(f"fuser {name!r}: missing option {option!r}. Try: {option}=...")
    hints = _hints(found)
    for option, value in options.items():
        if option in hints and not _fits(value, hints[option]):
            expected = " or ".join(
                kind.__name__ if isinstance(kind, type) else repr(kind) for kind in _kinds(hints[option])
            )
            raise InputError(f"fuser {name!r}: wrong type of option {option!r} (found {value!r}, expected {expected})")
    if name in BUILT_IN and not found.learned:
        found(**options)  # costs nothing, and checks the values


def fuser_files(name: str, options: Mapping[str, Any]) -> dict[str, Path]:
    """List the files whose content decides what a fuser computes, whether or not they exist.

    Args:
        name: as `fuser_class` takes it.
        options: the arguments of its constructor.

    Returns:
        Path by option for "model", "weights" and every other option that names an existing file; "model data" (and
        "model data 2", ...) for weights stored beside a model; "code" for the Python file of the fuser. For the shipped
        weights, the path is that of the file in the project.

    Example:
        >>> fuser_files("laplacian", {"levels": 3}), sorted(fuser_files("isfuse", {}))
        ({}, ['weights'])
    """
    named = {option: Path(value) for option, value in options.items() if isinstance(value, str | Path)}
    files = {option: path for option, path in named.items() if option in _ALWAYS_FILES or path.is_file()}
    if name in (ISFuseFuser.name, ISFuseLiteFuser.name):
        files["weights"] = weights_file(name, options.get("weights", SHIPPED))
    if "model" in files:
        for number, external in enumerate(weight_files(files["model"]), start=1):
            files["model data" + (f" {number}" if number > 1 else "")] = external
    return {**files, "code": fuser_path(name)} if is_in_file(name) else files


def fuser_record(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Identify what a fuser computes, as `fuse_folder` records it: name, options, and hashes of `fuser_files`.

    Raises:
        InputError: as `fuser_class`, or a file cannot be read.
    """
    hashes = {option: Fingerprints().of(path) for option, path in fuser_files(name, options).items()}
    return {"fuser": name, **options, **hashes}


def _hints(found: type[Fuser]) -> dict[str, Any]:
    try:
        return get_type_hints(found.__init__)
    except (AttributeError, NameError, TypeError):  # a user's class whose annotations cannot be evaluated
        return {}


def _kinds(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union, the values of a Literal, or the annotation itself."""
    return get_args(hint) if get_origin(hint) in (Literal, Union, UnionType) else (hint,)


def _fits(value: Any, hint: Any) -> bool:
    """Check a value against an annotation; annotations other than plain types accept every value."""
    kinds = _kinds(hint)
    if get_origin(hint) is Literal:  # the constructor checks the value itself
        return type(value) in map(type, kinds)
    if not all(kind in _PLAIN for kind in kinds):
        return True
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, (*kinds, int) if float in kinds else kinds)
