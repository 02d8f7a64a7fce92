"""What a segmenter's checkpoint contains, so that a resumed training equals an uninterrupted one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from downstream.conditions import Precision
from downstream.segmentation.normalisation import ImageStatistics
from fusion.errors import InputError
from fusion.storage import load_tensors, restore_training, save_tensors, training_tensors, write_csv

Row = dict[str, float]
COLUMNS = ("epoch", "loss", "cross_entropy", "dice", "learning_rate", "validation_mIoU")


class SegmenterState:
    """Network, optimizer, gradient scaler, number of finished steps, and the history of finished epochs.

    No random state is stored: randomness is derived from the seed and the step number.

    Args:
        network: the network being trained.
        optimizer: AdamW over its parameters.
        scaler: of float16 gradients; disabled for other precisions.
        precision: of the network.
        statistics: the normalisation of the images.
        facts: the settings that determine the result.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.AdamW,
        scaler: torch.amp.GradScaler,
        precision: Precision,
        statistics: ImageStatistics,
        facts: dict[str, Any],
    ) -> None:
        self.network, self.optimizer, self.scaler = network, optimizer, scaler
        self.precision, self.statistics, self.facts = precision, statistics, facts
        self.step = 0
        self.history: list[Row] = []

    def close_epoch(self, row: Row) -> bool:
        """Append an epoch to the history.

        Args:
            row: values by the names in `COLUMNS`.

        Returns:
            Whether no earlier epoch has a higher validation mIoU.

        Raises:
            FloatingPointError: a weight is not finite.
        """
        if not all(torch.isfinite(parameter).all() for parameter in self.network.parameters()):
            raise FloatingPointError(f"training diverged at step {self.step}: weights are not finite")
        self.history.append(row)
        return all(earlier["validation_mIoU"] <= row["validation_mIoU"] for earlier in self.history)

    def save_network(self, path: Path) -> None:
        """Write the network and everything that prediction needs, atomically."""
        last = self.history[-1]
        facts = {
            **self.facts,
            "statistics": self.statistics._asdict(),
            "epoch": last["epoch"],
            "validation_mIoU": last["validation_mIoU"],
        }
        save_tensors(path, self.network.state_dict(), facts)

    def save(self, path: Path) -> None:
        """Write the whole state, atomically."""
        tensors = training_tensors(self.network, self.optimizer)
        progress = {"step": self.step, "history": self.history, "scaler": self.scaler.state_dict()}
        save_tensors(path, tensors, {"run": self.facts, "statistics": self.statistics._asdict(), "progress": progress})

    def load(self, path: Path) -> None:
        """Restore a file of `save`, except statistics and facts.

        Raises:
            InputError: the file does not fit the network.
        """
        tensors, stored = load_tensors(path)
        progress = stored["progress"]
        self.step, self.history = progress["step"], progress["history"]
        if progress["scaler"]:  # empty if the scaler was disabled
            self.scaler.load_state_dict(progress["scaler"])
        restore_training(self.network, self.optimizer, tensors, path)


def read_progress(path: Path, facts: dict[str, Any]) -> tuple[ImageStatistics, int]:
    """Read the normalisation and the number of finished epochs from a file of `SegmenterState.save`.

    Raises:
        InputError: the file is corrupt, or belongs to a training with other facts.
    """
    stored = load_tensors(path)[1]
    run = stored.get("run", {})
    if different := [key for key, value in facts.items() if run.get(key) != value]:
        raise InputError(f"{path}: belongs to a training with other {', '.join(different)}. Try: another folder")
    return ImageStatistics(**stored["statistics"]), len(stored["progress"]["history"])


def write_log(path: Path, history: list[Row]) -> None:
    """Write one CSV row per epoch, atomically."""
    write_csv(path, COLUMNS, [[row[name] for name in COLUMNS] for row in history])
