"""Read start weights for a detector without running anything a file may hold."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from fusion.errors import InputError

_TRUSTED_MODULES = ("torch.nn.", "ultralytics.nn.", "ultralytics.utils.")


def load_start_weights(model: nn.Module, path: Path) -> str:
    """Copy every tensor of `path` that fits `model` by name and shape, and say how many did.

    Args:
        model: a detector; its classification layers seldom fit, because the classes differ.
        path: `.safetensors`, or a `.pt` holding a state dict or an ultralytics model. A `.pt` is read with
            `weights_only`; besides tensors it may name layer classes of torch and ultralytics, nothing else.

    Returns:
        One sentence, such as "342 of 403 tensors from FILE".

    Raises:
        InputError: the file cannot be read that way, or nothing in it fits.
    """
    stored = _read(path)
    own = model.state_dict()
    fitting = {name: t.to(own[name].dtype) for name, t in stored.items() if name in own and own[name].shape == t.shape}
    if not fitting:
        raise InputError(f"{path}: none of its {len(stored)} tensors fits the detector; choose detector.model to match")
    model.load_state_dict(fitting, strict=False)
    return f"{len(fitting)} of {len(own)} tensors from {path.name}"


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        trusted = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        with torch.serialization.safe_globals([_layer_class(name) for name in trusted]):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (OSError, SafetensorError, RuntimeError, ValueError, EOFError) as error:
        raise InputError(f"{path}: cannot be read as weights ({str(error).splitlines()[0]})") from error
    except Exception as error:  # torch's unpickler raises its own kinds for a refused file
        raise InputError(f"{path}: refused as unsafe or broken ({str(error).splitlines()[0]})") from error
    if isinstance(content, dict):
        content = content.get("ema") or content.get("model") or content
    tensors = content.state_dict() if isinstance(content, nn.Module) else content
    return {name: value for name, value in tensors.items() if isinstance(value, Tensor)}


def _layer_class(name: str) -> type:
    """Import one class that a checkpoint names, if it is a layer or a settings record."""
    if not name.startswith(_TRUSTED_MODULES):
        raise InputError(f"names {name}, which is no layer of torch or ultralytics; refused")
    module, _, attribute = name.rpartition(".")
    found = getattr(__import__(module, fromlist=[attribute]), attribute, None)
    if not isinstance(found, type):
        raise InputError(f"names {name}, which is no class; refused")
    return found
