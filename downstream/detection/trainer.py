"""Ultralytics' trainer made resumable: killed at any time and started again, it ends with the same weights."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm
from ultralytics.data.augment import Albumentations, RandomHSV
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.utils.torch_utils import init_seeds, strip_optimizer

from downstream.conditions import Precision
from downstream.four_channels import CHANNELS
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


class _CameraHSV(RandomHSV):  # type: ignore[misc]
    """Jitters either camera of a four-channel image as the image of one camera; ultralytics would leave it as it is."""

    def apply_image(self, labels: dict[str, Any], params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Change hue, saturation and value of red, green and blue, and the value of infrared, by gains of its own."""
        image = labels["img"]  # (H, W, 4) uint8: red, green, blue, infrared
        for channels in ((2, 1, 0), (3, 3, 3)):  # BGR; grey
            planes = np.ascontiguousarray(image[..., channels])
            super().apply_image({"img": planes})
            image[..., channels] = planes
        return labels


class ResumableTrainer(DetectionTrainer):  # type: ignore[misc]
    """Trains from given weights and without validation, because the weights of the last epoch are scored.

    The checkpoints of ultralytics have half precision and no random state, so a training resumed from them ends with
    other weights. Here an epoch depends only on its number and on the state file: random generators are seeded from
    both, the mosaic buffer starts empty, and no gradients are carried over, because the optimizer also steps at the
    end of an epoch.

    Args:
        overrides: arguments of ultralytics.
        start: pretrained weights; None for random ones.
        precision: of the training.
        albumentations: whether its transforms are applied.
        state: the state file, written after every epoch but the last; if it exists, the training resumes from it.
        facts: the settings that determine the result, stored and compared.

    Raises:
        InputError: the state file belongs to a training with other settings.
    """

    _step_is_due: bool | None = None
    last: Path

    def __init__(
        self,
        overrides: dict[str, Any],
        start: Path | None,
        precision: Precision,
        albumentations: bool,
        state: Path,
        facts: dict[str, Any],
    ) -> None:
        self._start, self._precision, self._albumentations = start, precision, albumentations
        self._state, self._facts = state, json.loads(json.dumps(facts))
        self._checkpoint: tuple[dict[str, Tensor], dict[str, Any]] | None = None
        if state.exists():
            self._checkpoint = load_tensors(state)
            run = self._checkpoint[1].get("run", {})
            if different := [name for name, value in self._facts.items() if run.get(name) != value]:
                raise InputError(
                    f"{state}: belongs to a training with other {', '.join(different)}. Try: another folder"
                )
        super().__init__(overrides=overrides)
        self.add_callback("on_train_epoch_start", lambda _: self._begin_epoch())

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> torch.nn.Module:
        """Build the network, and load the pretrained weights unless the training resumes."""
        model: torch.nn.Module = super().get_model(cfg, weights, verbose=False)
        if self._checkpoint is None:
            note = load_start_weights(model, self._start) if self._start else "random weights"
            tqdm.write(f"the detector starts from {note}")
        return model.to(memory_format=torch.channels_last)  # ultralytics does so on a GPU only

    def build_dataset(self, img_path: str, mode: str = "train", batch: int | None = None) -> Any:
        """Build the data set, with albumentations only if they are asked for."""
        dataset = super().build_dataset(img_path, mode, batch)
        self._adapt_transforms(dataset)
        return dataset

    def _close_dataloader_mosaic(self) -> None:
        super()._close_dataloader_mosaic()  # builds all transforms again
        self._adapt_transforms(self.train_loader.dataset)

    def _adapt_transforms(self, dataset: Any) -> None:
        for number, transform in enumerate(dataset.transforms.transforms):
            if isinstance(transform, RandomHSV) and dataset.channels == CHANNELS:
                dataset.transforms.transforms[number] = _CameraHSV(transform.hgain, transform.sgain, transform.vgain)
            if not isinstance(transform, Albumentations):
                continue
            if not self._albumentations:
                transform.transform = None  # as if not installed; with an empty list it would still draw random numbers
            elif transform.transform is None:  # ultralytics only logs why
                raise InputError(
                    "detector.albumentations=True: ultralytics cannot use the installed albumentations. "
                    "Try: pip install --upgrade albumentations"
                )

    def resume_training(self, ckpt: Any) -> None:
        """Set the precision, before which ultralytics would download a model, and restore the state file, if any."""
        self.amp = self._precision != "float32"
        if self.amp:
            torch.set_autocast_dtype(self.device.type, getattr(torch, self._precision))
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self._precision == "float16")
        if self._checkpoint is not None:
            self.resume = True
            super().resume_training({"epoch": self._checkpoint[1]["epoch"]})

    def _load_checkpoint_state(self, ckpt: Any) -> None:
        assert self._checkpoint is not None
        tensors, facts = self._checkpoint
        restore_training(self.model, self.optimizer, tensors, self._state)
        load_state(self.ema.ema, with_prefix(tensors, _AVERAGE), self._state)
        self.ema.updates = facts["updates"]
        self.scaler.load_state_dict(facts["scaler"])
        write_text(self.csv, facts["log"])
        self._checkpoint = None  # free the memory: it is as large as network and optimizer

    def _begin_epoch(self) -> None:
        if self.batch_size != self._facts["batch_size"]:  # ultralytics has silently halved it
            raise RuntimeError(
                f"out of memory with detector.batch_size={self._facts['batch_size']}. Try: a smaller one"
            )
        self._batches = self._accumulated = 0  # in this epoch, and since the last step
        seed = seed_for(self.args.seed, "epoch", self.epoch)
        init_seeds(seed % 2**32, deterministic=True)
        self.train_loader.generator.manual_seed(seed)
        self.train_loader.reset()  # restart the workers, each of which has a mosaic buffer
        dataset = self.train_loader.dataset
        for index in dataset.buffer:
            dataset.ims[index] = dataset.im_hw0[index] = dataset.im_hw[index] = None
        dataset.buffer.clear()

    @property
    def accumulate(self) -> int:
        """Number of batches whose gradients are accumulated for one step.

        During a batch, ultralytics compares this number with its own count of batches since the last step, which is
        wrong after a resume. It then gets 0 if a step is due, and an unreachable number if not.
        """
        return self._batches_per_step if self._step_is_due is None else 0 if self._step_is_due else sys.maxsize

    @accumulate.setter
    def accumulate(self, batches: int) -> None:
        self._batches_per_step, self._step_is_due = batches, None

    def preprocess_batch(self, batch: Any) -> Any:
        """Count the batch, decide whether a step is due after it, and preprocess it as ultralytics does."""
        self._batches += 1
        self._accumulated += 1
        self._step_is_due = self._accumulated >= self._batches_per_step or self._batches == len(self.train_loader)
        if self._step_is_due:
            self._accumulated = 0
        return super().preprocess_batch(batch)

    def save_model(self) -> bool:
        """Write the state file after an epoch, and only the weights after the last one."""
        if not self.stop:
            tensors = training_tensors(self.model, self.optimizer)
            tensors |= {_AVERAGE + name: tensor for name, tensor in self.ema.ema.state_dict().items()}
            log = self.csv.read_text(encoding="utf-8")
            progress = {
                "epoch": self.epoch,
                "updates": self.ema.updates,
                "scaler": self.scaler.state_dict(),
                "log": log,
            }
            save_tensors(self._state, tensors, {"run": self._facts, **progress})
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
        """Skip validation."""
        return {}, 0.0

    def final_eval(self) -> None:
        """Skip the final validation."""
