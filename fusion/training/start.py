"""Where a training begins: at random, with given weights, or where it stood."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import torch

from fusion.errors import InputError, unknown_name
from fusion.fusers import start_file
from fusion.networks import GateForm, ISFuse
from fusion.seeds import seed_for
from fusion.storage import load_state, load_tensors
from fusion.training.parallel import Processes
from fusion.training.schedule import Schedule
from fusion.training.state import TrainingState
from fusion.training.sync_batchnorm import normalise_by_whole_batch


def start_or_resume(
    last: Path,
    network_settings: dict[str, Any],
    schedule: Schedule,
    start: str | None,
    facts: dict[str, Any],
    processes: Processes,
) -> TrainingState:
    """Build the network and its optimizer, and fill both.

    Args:
        last: what an earlier run left, if there was one: then the training goes on from there.
        network_settings: constructor arguments of `ISFuse`.
        schedule: gives the seed of random weights, and the first learning rate.
        start: weights of a training that begins, as `start_file` takes them; None for random ones.
        facts: what decides the result.
        processes: that share the training.

    Raises:
        InputError: `last` belongs to a run with other facts; the start weights cannot be read or do not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(schedule.seed, "initial weights"))
        network = ISFuse(**network_settings)
    if processes.count > 1:
        normalise_by_whole_batch(network)
    network = network.to(processes.device).to(memory_format=torch.channels_last)
    state = TrainingState(network, torch.optim.Adam(network.parameters(), schedule.learning_rate), facts)
    if last.exists():
        state.load(last)
    elif start:
        path = start_file(start)
        load_state(network, load_tensors(path)[0], path)
    return state


def require_network(settings: dict[str, Any]) -> None:
    """Check constructor arguments of `ISFuse`.

    Raises:
        InputError: an unknown form of the gate, or a number out of range.
    """
    channels, shrink = settings.get("channels", 2), settings.get("shrink", 1)
    if channels < 2 or shrink < 1:
        raise InputError(f"network channels={channels} shrink={shrink}; expected channels >= 2, shrink >= 1")
    if (gate := settings.get("gate", "none")) not in get_args(GateForm):
        raise unknown_name("gate", gate, get_args(GateForm))
