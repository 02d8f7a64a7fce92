"""Fusion networks on disk: our checkpoints, which contain the settings to rebuild the network, and the authors'."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from fusion.errors import InputError
from fusion.networks.isfuse import ISFuse
from fusion.storage import load_state, load_tensors, save_tensors

ARCHITECTURE = "isfuse"


def save_network(path: Path, network: ISFuse, settings: dict[str, Any], facts: dict[str, Any]) -> None:
    """Write a checkpoint.

    Args:
        path: the `.safetensors` file.
        network: whose tensors are saved.
        settings: constructor arguments that rebuild the network.
        facts: JSON-able facts about it, such as its training settings and metric values.

    Raises:
        InputError: the file cannot be written.
    """
    save_tensors(path, network.state_dict(), {**facts, "architecture": ARCHITECTURE, "network": settings})


def load_network(path: Path) -> tuple[ISFuse, dict[str, Any]]:
    """Rebuild the network of a checkpoint, in eval mode, and return it with the facts saved with it.

    Raises:
        InputError: the file cannot be read, or contains another architecture.
    """
    tensors, facts = load_tensors(path)
    if facts.get("architecture") != ARCHITECTURE:
        found = facts.get("architecture")
        raise InputError(f"{path}: not a fusion network (found architecture {found!r}, expected {ARCHITECTURE!r})")
    try:
        network = ISFuse(**facts["network"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: cannot build a network from its settings {facts.get('network')} ({error})"
        ) from error
    load_state(network, tensors, path)
    return network.eval(), facts


def load_reference(path: Path) -> ISFuse:
    """Read the authors' released checkpoint into the released variant of the network, in eval mode.

    The file is read with `weights_only`, so no code in it is executed. Its three modules that the network never calls
    are ignored.

    Raises:
        InputError: the file is not a plain state dict, or a tensor of the released variant is missing.
    """
    try:
        released = torch.load(path, map_location="cpu", weights_only=True)
        released = {name.removeprefix("module."): tensor for name, tensor in released.items()}
    except Exception as error:  # torch raises many kinds of exception for an unreadable file
        raise InputError(f"{path}: cannot be read as a plain state dict ({str(error).splitlines()[0]})") from error
    network = ISFuse(shared_encoder=False, gate="pixel")
    names = {ours: _released_name(ours) for ours in network.state_dict()}
    absent = [theirs for theirs in names.values() if theirs not in released]
    if absent:
        raise InputError(f"{path}: not the released checkpoint ({len(absent)} tensors missing, first {absent[0]!r})")
    load_state(network, {ours: released[theirs] for ours, theirs in names.items()}, path)
    return network.eval()


def _released_name(name: str) -> str:
    """Translate one of our tensor names to that of the released checkpoint, whose scales count down from 5 (finest)."""
    for pattern, theirs in _RELEASED_NAMES.items():
        name = re.sub(pattern, theirs, name)
    return re.sub(r"<(\d)>", lambda scale: str(5 - int(scale[1])), name)


_RELEASED_NAMES = {
    r"^encoder_infrared\.": "encoder_ir.",
    r"^encoder_visible\.": "encoder_vis.",
    r"\.stages\.0": ".module1",
    r"\.stages\.1": ".module2",
    r"\.stages\.2": ".module3",
    r"^integrators\.(\d)": r"cfi<\1>",
    r"\.(q|k|v)[a-z]+_(i|v)[a-z]+\.": r".\1_\2.",
    r"^decoders\.(\d)": r"adjust_channels<\1>",
    r"^head\.": "final_decoder.0.",
}
