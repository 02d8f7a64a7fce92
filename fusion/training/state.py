"""The state of a training: started from random or given weights, saved, and resumed as if it had never stopped."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fusion.errors import InputError
from fusion.fusers import start_file
from fusion.networks import ISFuse
from fusion.seeds import seed_for
from fusion.storage import (
    load_state,
    load_tensors,
    restore_training,
    save_tensors,
    training_tensors,
    with_prefix,
    write_csv,
)
from fusion.training.critic import Critic
from fusion.training.parallel import Processes
from fusion.training.settings import Schedule
from fusion.training.sync_batchnorm import convert_sync_batchnorm

Row = dict[str, float]
_CRITIC = "critic."


class TrainingState:
    """Network, optimizer, number of finished steps, and the history of finished epochs.

    It contains no random state: all random numbers are derived from the seed and the step number.

    Args:
        network: the network in training.
        optimizer: Adam over its parameters.
        facts: everything that determines the result; a run is resumed only with equal facts.
        critic: trained along with the network; its state is part of this one.
    """

    def __init__(
        self, network: ISFuse, optimizer: torch.optim.Adam, facts: dict[str, Any], critic: Critic | None = None
    ) -> None:
        self.network, self.optimizer, self.facts, self._critic = network, optimizer, facts, critic
        self.optimizers: list[torch.optim.Optimizer] = [optimizer]  # and that of the critic
        if critic:
            self.optimizers.append(torch.optim.AdamW(critic.network.parameters(), critic.learning_rate))
        self.step = 0
        self.history: list[Row] = []
        self._sums: Row = {}
        self._samples = 0
        self._saved_at = time.monotonic()

    def set_rate(self, rate: float, start: float) -> None:
        """Set the learning rate of the network; that of the critic follows it.

        Args:
            rate: of the network.
            start: the rate from which the schedule departs, to which `critic.learning_rate` belongs.
        """
        rates = [rate] if self._critic is None else [rate, rate / start * self._critic.learning_rate]
        for optimizer, of_it in zip(self.optimizers, rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = of_it

    def count(self, terms: dict[str, Tensor], samples: int) -> None:
        """Record one finished step of `samples` crops with its loss terms, scalars.

        Raises:
            FloatingPointError: the loss is not finite; the network is unusable, the last checkpoint is not affected.
        """
        values = dict(zip(terms, torch.stack(list(terms.values())).tolist(), strict=True))  # one GPU synchronisation
        if not math.isfinite(values["total"]):
            raise FloatingPointError(f"training diverged at step {self.step}: loss {values['total']}")
        self.step += 1
        self._samples += samples
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value * samples

    def close_epoch(self, epoch: int, validation: Row) -> bool:
        """Append the row of an epoch to the history, and return whether it is the best so far.

        That is the epoch of the lowest validation loss or, with a critic, the latest of those of the highest score.

        Raises:
            FloatingPointError: the validation loss is not finite.
        """
        if not math.isfinite(validation["validation_total"]):
            raise FloatingPointError(f"training diverged at step {self.step}: validation loss is not finite")
        training = {name: total / self._samples for name, total in self._sums.items()}
        earlier = list(self.history)
        self.history.append({"epoch": epoch, "step": self.step, **training, **validation})
        self._sums, self._samples = {}, 0
        if self._critic:
            return all(validation["validation_score"] >= row["validation_score"] for row in earlier)
        return all(validation["validation_total"] < row["validation_total"] for row in earlier)

    def seconds_since_save(self) -> float:
        """Return the seconds since the state was saved, which a crash would lose."""
        return time.monotonic() - self._saved_at

    def save(self, path: Path) -> None:
        """Write the state atomically.

        Raises:
            FloatingPointError: the weights are not finite; an earlier file is kept.
            InputError: the file cannot be written.
        """
        if not all(torch.isfinite(parameter).all() for parameter in self.network.parameters()):
            raise FloatingPointError(f"training diverged at step {self.step}: weights are not finite")
        progress = {"step": self.step, "history": self.history, "sums": self._sums, "samples": self._samples}
        tensors = training_tensors(self.network, self.optimizer)
        if self._critic:
            of_critic = training_tensors(self._critic.network, self.optimizers[1])
            tensors |= {_CRITIC + name: tensor for name, tensor in of_critic.items()}
        save_tensors(path, tensors, {"run": self.facts, "progress": progress})
        self._saved_at = time.monotonic()

    def load(self, path: Path) -> None:
        """Restore what `save` wrote.

        Raises:
            InputError: the file was written by a run with other settings or on other images.
        """
        tensors, facts = load_tensors(path)
        different = [key for key, value in self.facts.items() if facts.get("run", {}).get(key) != value]
        if different:
            named = f"with other settings (different: {', '.join(different)})"
            what = "on other images" if "images" in different else named
            raise InputError(f"{path}: belongs to a training {what}. Try: another output folder")
        progress = facts["progress"]
        self.step, self.history = progress["step"], progress["history"]
        self._sums, self._samples = progress["sums"], progress["samples"]
        restore_training(self.network, self.optimizer, tensors, path)
        if self._critic:
            restore_training(self._critic.network, self.optimizers[1], with_prefix(tensors, _CRITIC), path)


def start_or_resume(
    last: Path,
    network_settings: dict[str, Any],
    schedule: Schedule,
    start: str | None,
    facts: dict[str, Any],
    processes: Processes,
    critic: Critic | None = None,
) -> TrainingState:
    """Build the network and its optimizer, and load the tensors of both.

    Args:
        last: checkpoint of an earlier run; if it exists, the training is resumed from there.
        network_settings: constructor arguments of `ISFuse`.
        schedule: provides the seed of random weights and the first learning rate.
        start: weights to start a new training from, as `start_file` takes them; None starts from random ones.
        facts: everything that determines the result.
        processes: that share the training.
        critic: trained along; moved to the device of the network.

    Raises:
        InputError: `last` belongs to a run with other facts; the start weights cannot be read or do not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(schedule.seed, "initial weights"))
        network = ISFuse(**network_settings)
    if processes.count > 1:
        convert_sync_batchnorm(network)
    network = network.to(processes.device).to(memory_format=torch.channels_last)
    if critic:
        critic.network.to(processes.device)
    optimizer = torch.optim.Adam(network.parameters(), schedule.learning_rate)
    state = TrainingState(network, optimizer, facts, critic)
    if last.exists():
        state.load(last)
    elif start:
        path = start_file(start)
        tensors = load_tensors(path)[0]
        if network.chroma:  # luma weights start a network of three planes, too
            tensors = {**{f"chroma.{name}": tensor for name, tensor in network.chroma.state_dict().items()}, **tensors}
        load_state(network, tensors, path)
    return state


def write_log(path: Path, history: list[Row]) -> None:
    """Write the history atomically as CSV, one row per epoch."""
    names = list(history[0])
    write_csv(path, names, [[row[name] for name in names] for row in history])
