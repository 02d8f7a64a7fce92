"""Ultralytics' trainer made repeatable: killed after any epoch, it goes on as if it had never stopped."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.utils.torch_utils import init_seeds, strip_optimizer

from downstream.start_weights import load_start_weights
from fusion.errors import InputError
from fusion.seeds import seed_for
from fusion.storage import (
    atomic_path,
    load_state,
    load_tensors,
    restore_training,
    save_tensors,
    training_tensors,
    with_prefix,
    write_text,
)

_AVERAGE = "average."


class RepeatableTrainer(DetectionTrainer):  # type: ignore[misc]
    """Trains without validation, for the last epoch is what counts, from start weights of ours.

    Ultralytics' own checkpoint has half precision and no random state, so a training that goes on from it ends
    elsewhere. Here an epoch depends on nothing but what the state file holds and its own number: randomness is drawn
    anew from the seed, the buffer of the mosaics is empty, and no gradients are carried over, since the optimizer also
    steps at the end of an epoch.

    Args:
        overrides: ultralytics' arguments.
        start: start weights, None for random ones.
        state: file for what the training needs to go on, written after every epoch but the last.
        facts: what decides the result.
    """

    _due: bool | None = None
    last: Path

    def __init__(self, overrides: dict[str, Any], start: Path | None, state: Path, facts: dict[str, Any]) -> None:
        self._start, self._state, self._facts = start, state, json.loads(json.dumps(facts))
        self._stored: tuple[dict[str, Tensor], dict[str, Any]] | None = None
        if state.exists():
            self._stored = load_tensors(state)
            if self._stored[1].get("run") != self._facts:
                raise InputError(f"{state}: belongs to a training with other settings; choose another folder")
        super().__init__(overrides=overrides)
        self.add_callback("on_train_epoch_start", lambda _: self._begin_epoch())

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> torch.nn.Module:
        """Build the network; a training that begins gives it the start weights."""
        model: torch.nn.Module = super().get_model(cfg, weights, verbose=False)
        if self._stored is None:
            note = load_start_weights(model, self._start) if self._start else "random weights"
            tqdm.write(f"the detector starts from {note}")
        return model

    def resume_training(self, ckpt: Any) -> None:
        """Go back to what the state file holds, if there is one."""
        if self._stored is not None:
            self.resume = True
            super().resume_training({"epoch": self._stored[1]["epoch"]})

    def _load_checkpoint_state(self, ckpt: Any) -> None:
        assert self._stored is not None
        tensors, facts = self._stored
        restore_training(self.model, self.optimizer, tensors, self._state)
        load_state(self.ema.ema, with_prefix(tensors, _AVERAGE), self._state)
        self.ema.updates = facts["updates"]
        write_text(self.csv, facts["log"])
        self._stored = None  # needed no more, and as large as all that trains

    def _begin_epoch(self) -> None:
        if self.batch_size != self._facts["batch_size"]:  # ultralytics has halved it, and would not say so
            raise RuntimeError(f"no memory for batches of {self._facts['batch_size']}; lower detector.batch_size")
        self._batches = self._gathered = 0  # of this epoch, and since the last step
        seed = seed_for(self.args.seed, "epoch", self.epoch)
        init_seeds(seed % 2**32, deterministic=True)
        self.train_loader.generator.manual_seed(seed)
        self.train_loader.reset()  # ends the workers, each with its own buffer
        dataset = self.train_loader.dataset
        for index in dataset.buffer:
            dataset.ims[index] = dataset.im_hw0[index] = dataset.im_hw[index] = None
        dataset.buffer.clear()

    @property
    def accumulate(self) -> int:
        """How many batches make a step.

        Inside a batch ultralytics asks whether so many have gone by since a step that it remembers itself; the answer
        is then 0 if a step is due and out of reach if not, whatever it remembers.
        """
        return self._batches_a_step if self._due is None else 0 if self._due else sys.maxsize

    @accumulate.setter
    def accumulate(self, batches: int) -> None:
        self._batches_a_step, self._due = batches, None

    def preprocess_batch(self, batch: Any) -> Any:
        """Take up a batch and decide whether a step is due behind it."""
        self._batches += 1
        self._gathered += 1
        self._due = self._gathered >= self._batches_a_step or self._batches == len(self.train_loader)
        if self._due:
            self._gathered = 0
        return super().preprocess_batch(batch)

    def save_model(self) -> bool:
        """Write the state after an epoch, and only the weights after the last one."""
        if not self.stop:
            tensors = training_tensors(self.model, self.optimizer)
            tensors |= {_AVERAGE + name: tensor for name, tensor in self.ema.ema.state_dict().items()}
            log = self.csv.read_text(encoding="utf-8")
            facts = {"run": self._facts, "epoch": self.epoch, "updates": self.ema.updates, "log": log}
            save_tensors(self._state, tensors, facts)
            return True
        with atomic_path(self.last) as partial:
            final, self.last = self.last, partial
            saved = bool(super().save_model())
            self.last = final
            strip_optimizer(partial)
        return saved

    def _handle_nan_recovery(self, epoch: int) -> bool:
        if not torch.isfinite(self.loss):
            raise FloatingPointError(f"training diverged in epoch {epoch + 1}: the loss is not finite")
        return False

    def validate(self) -> tuple[dict[str, float], float]:
        """Leave validation out."""
        return {}, 0.0

    def final_eval(self) -> None:
        """Leave the final validation out too."""
