"""Named tensors with JSON facts in one safetensors file. Nothing is ever unpickled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from fusion.errors import InputError
from fusion.storage.files import write_bytes

FORMAT = 1


def save_tensors(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write tensors and facts about them to one safetensors file, atomically.

    Args:
        path: the file to write.
        tensors: tensors of any shape and device, by name.
        facts: JSON values, stored in the metadata of the file.
    """
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_bytes(path, save(contiguous, {"format": str(FORMAT), "facts": json.dumps(facts)}))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a file written by `save_tensors`.

    Returns:
        The tensors, on the CPU, and the facts.

    Raises:
        InputError: the file cannot be read, is not a safetensors file, or was not written by `save_tensors`.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a mapping
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: cannot be read as a safetensors checkpoint ({error})") from error
    if metadata.get("format") != str(FORMAT) or "facts" not in metadata:
        raise InputError(
            f"{path}: wrong checkpoint format (found {metadata.get('format')}, expected {FORMAT} as written by "
            "train_fusion)"
        )
    return tensors, json.loads(metadata["facts"])


def load_state(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Load tensors into a network; their names and shapes must match exactly.

    Args:
        network: the network to load into.
        tensors: its state dict.
        path: the file they come from, for the error message.

    Raises:
        InputError: a tensor is missing, unexpected or of another shape.
    """
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
        raise InputError(f"{path}: does not fit this network ({first})") from error


def training_tensors(network: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    """Collect the tensors needed to resume a training: the state of the network and of the optimizer."""
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": tensor for name, tensor in moments.items()}
    return tensors


def restore_training(network: nn.Module, optimizer: Optimizer, tensors: dict[str, Tensor], path: Path) -> None:
    """Restore the state collected by `training_tensors`.

    Args:
        network: the network to restore.
        optimizer: its optimizer.
        tensors: as `training_tensors` returned them; further names are ignored.
        path: the file they come from, for the error message.

    Raises:
        InputError: as `load_state`.
    """
    load_state(network, with_prefix(tensors, "network."), path)
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in with_prefix(tensors, "optimizer.").items():
        index, _, moment = name.partition(".")
        like = parameters[int(index)]
        if tensor.shape == like.shape:  # same memory layout, so that sums run in the same order
            tensor = torch.empty_like(like).copy_(tensor)
        moments.setdefault(int(index), {})[moment] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})


def with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Select the tensors whose names start with a prefix, and remove it from their names.

    Example:
        >>> with_prefix({"network.head": torch.zeros(1), "optimizer.0": torch.zeros(1)}, "network.")
        {'head': tensor([0.])}
    """
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
