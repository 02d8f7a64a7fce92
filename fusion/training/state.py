"""Everything a training needs to go on as if it had never stopped."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fusion.errors import InputError
from fusion.networks import ISFuse
from fusion.storage import load_tensors, restore_training, save_tensors, training_tensors, write_csv

Row = dict[str, float]


class TrainingState:
    """Network, optimizer, number of finished steps, and the history of finished epochs.

    Randomness is no part of it: it is derived from the seed and the number of the step.

    Args:
        network: being trained.
        optimizer: Adam over its parameters.
        facts: what decides the result; a run goes on only with equal facts.
    """

    def __init__(self, network: ISFuse, optimizer: torch.optim.Adam, facts: dict[str, Any]) -> None:
        self.network, self.optimizer, self.facts = network, optimizer, facts
        self.step = 0
        self.history: list[Row] = []
        self._sums: Row = {}
        self._samples = 0
        self._saved_at = time.monotonic()

    def count(self, terms: dict[str, Tensor], samples: int) -> None:
        """Book one finished step of `samples` crops.

        Raises:
            FloatingPointError: the loss is not finite, so the network is spoilt; the last checkpoint is not.
        """
        values = dict(zip(terms, torch.stack(list(terms.values())).tolist(), strict=True))  # waits for a GPU once
        if not math.isfinite(values["total"]):
            raise FloatingPointError(f"training diverged at step {self.step}: loss {values['total']}")
        self.step += 1
        self._samples += samples
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value * samples

    def close_epoch(self, epoch: int, validation: Row) -> bool:
        """Add the epoch's row to the history and tell whether it is the best one so far."""
        if not math.isfinite(validation["validation_total"]):
            raise FloatingPointError(f"training diverged at step {self.step}: validation loss is not finite")
        training = {name: total / self._samples for name, total in self._sums.items()}
        earlier = [row["validation_total"] for row in self.history]
        self.history.append({"epoch": epoch, "step": self.step, **training, **validation})
        self._sums, self._samples = {}, 0
        return all(validation["validation_total"] < value for value in earlier)

    def seconds_since_save(self) -> float:
        """Tell how much work would be lost now."""
        return time.monotonic() - self._saved_at

    def save(self, path: Path) -> None:
        """Write the state, atomically.

        Raises:
            FloatingPointError: the last step spoilt the network; what was written before stays.
        """
        if not all(torch.isfinite(parameter).all() for parameter in self.network.parameters()):
            raise FloatingPointError(f"training diverged at step {self.step}: weights are not finite")
        progress = {"step": self.step, "history": self.history, "sums": self._sums, "samples": self._samples}
        save_tensors(path, training_tensors(self.network, self.optimizer), {"run": self.facts, "progress": progress})
        self._saved_at = time.monotonic()

    def load(self, path: Path) -> None:
        """Go back to what `save` wrote.

        Raises:
            InputError: the file belongs to a run with other settings.
        """
        tensors, facts = load_tensors(path)
        different = [key for key, value in self.facts.items() if facts.get("run", {}).get(key) != value]
        if different:
            raise InputError(f"{path}: belongs to a training with other {', '.join(different)}; choose another folder")
        progress = facts["progress"]
        self.step, self.history = progress["step"], progress["history"]
        self._sums, self._samples = progress["sums"], progress["samples"]
        restore_training(self.network, self.optimizer, tensors, path)


def write_log(path: Path, history: list[Row]) -> None:
    """Write one CSV row per epoch, atomically."""
    names = list(history[0])
    write_csv(path, names, [[row[name] for name in names] for row in history])
