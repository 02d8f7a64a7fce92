"""Train the fusion network in one loop that can be interrupted at any moment and resumed from its last checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tqdm import tqdm

from fusion.devices import choose_device
from fusion.errors import InputError
from fusion.fusers import build_fuser
from fusion.images import Pair
from fusion.networks import require_network, save_network
from fusion.storage import Fingerprints
from fusion.training.batches import Batch, TrainingBatches, central_batches
from fusion.training.crops import CropSource
from fusion.training.objective import Objective, batch_terms
from fusion.training.parallel import Processes, process_group
from fusion.training.settings import Schedule
from fusion.training.state import TrainingState, start_or_resume, write_log
from fusion.training.sync_batchnorm import synced_statistics
from fusion.training.validation import hold_out, validate


@dataclass
class Trainer:
    """Train one ISFuse network on registered pairs.

    Args:
        pairs: at least two; some of them are held out for validation.
        network: constructor arguments of `ISFuse`.
        objective: what is minimised.
        schedule: how long and on what.
        device: "auto", "cpu", "cuda", ...
        teacher: name of a fuser whose output the network learns to reproduce; None trains on the pairs only.
        start: weights to start from, a `.safetensors` file or the name of a learned fuser for its shipped weights; None
            starts from random weights.

    Raises:
        InputError: too few pairs, an unknown teacher or device, or settings that are invalid or contradict each other.
    """

    pairs: Sequence[Pair]
    network: dict[str, Any] = field(default_factory=dict)
    objective: Objective = field(default_factory=Objective)
    schedule: Schedule = field(default_factory=Schedule)
    device: str = "auto"
    teacher: str | None = None
    start: str | None = None

    def __post_init__(self) -> None:
        if len(self.pairs) < 2:
            raise InputError(f"too few training pairs (found {len(self.pairs)}, expected at least 2: one is held out)")
        require_network(self.network)
        if self.objective.batchnorm == "fixed" and not self.start:
            raise InputError(
                "batchnorm='fixed': needs start weights, whose running statistics it keeps (found none). "
                "Try: start=isfuse"
            )
        if self.schedule.crop % (factor := self.network.get("shrink", 1)):
            raise InputError(
                f"schedule.crop={self.schedule.crop}: not divisible by network.shrink={factor} "
                f"(expected a multiple of {factor})"
            )
        self._precision = self.schedule.precision_on(choose_device(self.device))
        self._training, self._held_out = hold_out(len(self.pairs), self.schedule.validation, self.schedule.seed)
        teacher = build_fuser(self.teacher) if self.teacher else None
        self._crops = CropSource(self.pairs, self.schedule.crop, self.schedule.seed, teacher)
        self._settings = {**self.network, **({"gate": "none"} if self.objective.leaves_out("integrator") else {})}

    def run(self, out_dir: Path, after_epoch: Callable[[], None] = lambda: None) -> Path:
        """Train, or resume the training in `out_dir`, and return the file with the best weights.

        Writes `best.safetensors` (lowest total loss on the held-out pairs), `last.safetensors` (the state to resume
        from) and `log.csv` (losses and metrics, one row per epoch). A run that was killed and started again ends with
        the same weights, bit by bit. Under torchrun, the processes share every batch; a run may be resumed with a
        different number of processes.

        Args:
            out_dir: created if needed; the same for all processes.
            after_epoch: called in the main process when the files of an epoch are written.

        Raises:
            InputError: `out_dir` contains a run with other settings or on other images, or cannot be written; or an
                image cannot be read.
            FloatingPointError: the training diverged.
        """
        with process_group(choose_device(self.device)) as processes:
            self._train(out_dir, after_epoch, processes)
        return out_dir / "best.safetensors"

    def _train(self, out_dir: Path, after_epoch: Callable[[], None], processes: Processes) -> None:
        last = out_dir / "last.safetensors"
        state = start_or_resume(last, self._settings, self.schedule, self.start, self.facts(), processes)
        if processes.is_main and not last.exists():
            state.save(last)  # fails before anything is computed if the folder cannot be written
        batches = TrainingBatches(self._crops, self._training, self.schedule, processes)
        steps = self.schedule.epochs * batches.steps_per_epoch
        bar = tqdm(total=steps, initial=state.step, desc="train isfuse", unit="step", disable=not processes.is_main)
        with bar, closing(batches.ahead(state.step, steps)) as coming:
            for batch, samples in coming:
                self._step(state, batch, samples, state.step / steps, processes)
                bar.update()
                if not processes.is_main:
                    continue
                if state.step % batches.steps_per_epoch == 0:
                    self._finish_epoch(state, out_dir)
                    after_epoch()
                    bar.set_postfix(validation=f"{state.history[-1]['validation_total']:.4f}")
                elif state.seconds_since_save() > self.schedule.checkpoint_s:
                    state.save(last)

    def facts(self) -> dict[str, Any]:
        """Return everything that determines the result; saved in checkpoints and compared before a run is resumed."""
        schedule = {**asdict(self.schedule), "precision": self._precision}
        del schedule["checkpoint_s"]
        return {
            "network": self._settings,
            "objective": asdict(self.objective),
            "teacher": self.teacher,
            "start": self.start,
            "schedule": schedule,
            "training_pairs": [self.pairs[index].stem for index in self._training],
            "validation_pairs": [self.pairs[index].stem for index in self._held_out],
            "images": self._images,
        }

    @cached_property
    def _images(self) -> str:
        """A hash of the contents of all images, read once, and the ranges of infrared levels that count."""
        contents = Fingerprints().of_all(path for pair in self.pairs for path in (pair.infrared, pair.visible))
        return " ".join(filter(None, (contents, *dict.fromkeys(pair.reading for pair in self.pairs))))

    @property
    def held_out(self) -> list[Pair]:
        """The pairs that select the best epoch and are not trained on."""
        return [self.pairs[index] for index in self._held_out]

    def _step(self, state: TrainingState, batch: Batch, samples: int, progress: float, processes: Processes) -> None:
        state.network.train(self.objective.batchnorm != "fixed")
        for group in state.optimizer.param_groups:
            group["lr"] = self.schedule.rate(progress)
        with synced_statistics(state.network, processes.is_sharded(samples)):
            terms = batch_terms(self.objective, state.network, batch, self._precision)
        weight = processes.weight(samples)
        state.optimizer.zero_grad(set_to_none=True)
        (terms["total"] * weight).backward()  # type: ignore[no-untyped-call]
        terms = processes.all_reduce(state.network, terms, weight)
        state.optimizer.step()
        state.count(terms, samples)

    def _finish_epoch(self, state: TrainingState, out_dir: Path) -> None:
        batches = central_batches(self._crops, self._held_out, self.schedule)
        validation = validate(self.objective, state.network, batches, self._precision)
        is_best = state.close_epoch(len(state.history) + 1, validation)
        if is_best:
            facts = {**self.facts(), "epoch": len(state.history), "values": state.history[-1]}
            save_network(out_dir / "best.safetensors", state.network, self._settings, facts)
        write_log(out_dir / "log.csv", state.history)
        state.save(out_dir / "last.safetensors")
