"""Read pretrained weights into a network without running any code that a file may contain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from fusion.errors import InputError

_LAYERS = ("torch.nn.modules.", "ultralytics.nn.", "ultralytics.utils.loss.", "ultralytics.utils.tal.")
_RECORDS = ("ultralytics.utils.IterableSimpleNamespace",)


class _Inert:
    """An empty object built in place of every class that a checkpoint names, so that none of their code runs."""

    def __new__(cls, *args: object, **kwargs: object) -> _Inert:
        return object.__new__(cls)

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass


def load_start_weights(model: nn.Module, path: Path, setting: str = "detector.model") -> str:
    """Copy every tensor of a file whose name and shape match a tensor of `model`.

    Tensors are converted to the dtype of the model; all others are left as they are. The classification layers of a
    detector usually differ in shape, because the classes differ. A first layer of three channels is inflated where
    that of the model has four.

    Args:
        model: a detector or an encoder; modified in place.
        path: a `.safetensors` file, or a `.pt` file with a state dict or an ultralytics model. A `.pt` file is read
            with `weights_only=True`: besides tensors it may name layer classes of torch and ultralytics, nothing else.
        setting: the setting that chose `model`, for the error message.

    Returns:
        How many tensors were copied, such as "342 of 403 tensors from FILE".

    Raises:
        InputError: the file cannot be read that way, no tensor matches, one that does has values that are not finite,
            or its first layer takes another number of channels.
    """
    return f"{copy_weights(model, _read(path), str(path), setting)} from {path.name}"


def copy_weights(model: nn.Module, weights: Mapping[str, Tensor], where: str, setting: str) -> str:
    """Copy named tensors as `load_start_weights` does those of a file.

    Args:
        model: modified in place.
        weights: tensors by name.
        where: their origin, for error messages.
        setting: the setting that chose `model`, likewise.

    Returns:
        How many tensors were copied, such as "342 of 403 tensors".

    Raises:
        InputError: no tensor matches, one that does has values that are not finite, or the first layer takes another
            number of channels.
    """
    own = model.state_dict()
    stored = {name: _as_wide_as(own.get(name), tensor, where) for name, tensor in weights.items()}
    fitting = {name: t.to(own[name].dtype) for name, t in stored.items() if name in own and own[name].shape == t.shape}
    if not fitting:
        raise InputError(
            f"{where}: none of its {len(stored)} tensors fits the network (expected equal names and shapes). "
            f"Try: another {setting}"
        )
    for name, tensor in fitting.items():
        if not tensor.isfinite().all():
            raise InputError(f"{where}: values that are not finite in {name}. Try: other weights")
    model.load_state_dict(fitting, strict=False)
    return f"{len(fitting)} of {len(own)} tensors"


def inflate(weight: Tensor) -> Tensor:
    """Extend a first convolution from three channels to a fourth, so that the network starts from what it knows.

    The new channel gets 3/4 of the mean of the three, whose own mean falls to 3/4; differences between the three stay.
    Where the fourth channel is the mean of the other three, the output is that of the given weights.

    Args:
        weight: (O, 3, h, w).

    Returns:
        (O, 4, h, w) of the same type.

    Example:
        >>> inflate(torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)).flatten()
        tensor([0.5000, 1.5000, 2.5000, 1.5000])
    """
    mean = weight.mean(1, keepdim=True)
    return torch.cat([weight - mean / 4, mean * 3 / 4], dim=1)


def _as_wide_as(own: Tensor | None, stored: Tensor, where: str) -> Tensor:
    """Return a stored tensor, inflated if it is a convolution of three channels where the network has four."""
    if own is None or own.ndim != 4 or stored.ndim != 4 or own.shape[1] == stored.shape[1]:
        return stored
    if own.shape[:1] + own.shape[2:] != stored.shape[:1] + stored.shape[2:]:
        return stored
    if (stored.shape[1], own.shape[1]) == (3, 4):
        return inflate(stored)
    if own.shape[1] in (3, 4):
        raise InputError(
            f"{where}: weights for images of {stored.shape[1]} channels (expected 3"
            f"{', or 4' if own.shape[1] == 4 else ''}). Try: other weights"
        )
    return stored


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        named = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        for name in named:
            if not (name.startswith(_LAYERS) or name in _RECORDS):
                raise InputError(f"refused (found {name}, expected only tensors and layers of torch or ultralytics)")
        with torch.serialization.safe_globals([(_Inert, name) for name in named]):
            content = torch.load(path, map_location="cpu", weights_only=True)
        if isinstance(content, dict):
            content = next((content[k] for k in ("ema", "model") if isinstance(content.get(k), dict | _Inert)), content)
        tensors = dict(_tensors(content)) if isinstance(content, _Inert) else content
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (OSError, SafetensorError, RuntimeError, ValueError, EOFError) as error:
        raise InputError(f"{path}: cannot be read as weights ({_first_line(error)})") from error
    except Exception as error:  # torch's unpickler has exceptions of its own
        raise InputError(f"{path}: refused as unsafe or corrupt ({_first_line(error)})") from error
    if not isinstance(tensors, dict):
        raise InputError(f"{path}: no weights (found {type(tensors).__name__}, expected named tensors or a model)")
    return {name: value for name, value in tensors.items() if isinstance(value, Tensor)}


def _tensors(layer: _Inert, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """Yield parameters and buffers under their `state_dict` names, from the attributes that `nn.Module` pickles."""
    state = vars(layer)
    for kind in ("_parameters", "_buffers"):
        yield from ((prefix + name, value) for name, value in state.get(kind, {}).items())
    for name, child in state.get("_modules", {}).items():
        if isinstance(child, _Inert):
            yield from _tensors(child, f"{prefix}{name}.")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
