"""Named tensors on disk: safetensors, with JSON facts about them in the same file. Nothing is ever unpickled."""

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
    """Write tensors and JSON-able facts about them as one safetensors file, atomically."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_bytes(path, save(contiguous, {"format": str(FORMAT), "facts": json.dumps(facts)}))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_tensors` wrote.

    Raises:
        InputError: the file is missing, is no safetensors file, or was not written by `save_tensors`.
    """
    try:
        with safe_open(path, framework="pt") as stored:
            metadata = stored.metadata() or {}
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118  # no mapping
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: cannot be read as a safetensors checkpoint ({error})") from error
    if metadata.get("format") != str(FORMAT) or "facts" not in metadata:
        raise InputError(
            f"{path}: checkpoint format {metadata.get('format')}; expected {FORMAT}, as train_fusion writes"
        )
    return tensors, json.loads(metadata["facts"])


def load_state(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Copy tensors into a network that must fit them name by name and shape by shape.

    Raises:
        InputError: a tensor is missing, unexpected or of another shape.
    """
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
        raise InputError(f"{path}: does not fit this network ({first})") from error


def training_tensors(network: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    """Name all tensors that a training needs to go on: those of the network, and what the optimizer has gathered."""
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": tensor for name, tensor in moments.items()}
    return tensors


def restore_training(network: nn.Module, optimizer: Optimizer, tensors: dict[str, Tensor], path: Path) -> None:
    """Go back to what `training_tensors` named.

    Raises:
        InputError: as `load_state`; the message names `path`.
    """
    load_state(network, with_prefix(tensors, "network."), path)
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in with_prefix(tensors, "optimizer.").items():
        index, _, moment = name.partition(".")
        like = parameters[int(index)]
        if tensor.shape == like.shape:  # laid out in memory alike, for sums in the same order
            tensor = torch.empty_like(like).copy_(tensor)
        moments.setdefault(int(index), {})[moment] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})


def with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Pick the tensors whose names begin so, under the rest of their names."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
