"""Train the fusion network: one visible loop that can be killed at any moment and goes on where it stood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from fusion.devices import choose_device
from fusion.errors import InputError
from fusion.fusers import build_fuser
from fusion.images import Pair
from fusion.networks import save_network
from fusion.training.batch_terms import Batch, batch_terms
from fusion.training.batches import TrainingBatches, central_batches
from fusion.training.crops import CropSource
from fusion.training.objective import Objective
from fusion.training.parallel import Processes, joined
from fusion.training.schedule import Schedule
from fusion.training.start import require_network, start_or_resume
from fusion.training.state import TrainingState, write_log
from fusion.training.sync_batchnorm import exchanged_statistics
from fusion.training.validation import hold_out, validate


@dataclass
class Trainer:
    """Trains one ISFuse network on aligned pairs.

    Args:
        pairs: training pairs; some are held out for validation.
        network: constructor arguments of `ISFuse`.
        objective: what is minimised.
        schedule: how long.
        device: "auto", "cpu", "cuda", ...
        teacher: name of a fuser whose results the network is to make; None learns from the pairs alone.
        start: weights to go on from, a `.safetensors` file, or a fuser's name for those that come with the project;
            None starts at random.
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
            raise InputError(f"{len(self.pairs)} training pairs; expected at least 2, one of them for validation")
        require_network(self.network)
        if self.objective.batchnorm == "fixed" and not self.start:
            raise InputError("batchnorm=fixed; expected start weights, whose statistics it keeps")
        if self.schedule.crop % (shrink := self.network.get("shrink", 1)):
            raise InputError(f"crop={self.schedule.crop}: expected a multiple of shrink={shrink}")
        self._precision = self.schedule.precision_on(choose_device(self.device))
        self._training, self._held_out = hold_out(len(self.pairs), self.schedule.validation, self.schedule.seed)
        teacher = build_fuser(self.teacher) if self.teacher else None
        self._crops = CropSource(self.pairs, self.schedule.crop, self.schedule.seed, teacher)
        self._settings = {**self.network, **({"gate": "none"} if self.objective.leaves_out("integrator") else {})}

    def run(self, out_dir: Path, after_epoch: Callable[[], None] = lambda: None) -> Path:
        """Train, or go on with what `out_dir` holds, and return the file with the best weights.

        Writes `best.safetensors` (lowest total loss on the held-out pairs), `last.safetensors` (everything needed to
        go on) and `log.csv`, a row per epoch with losses and metrics. Killed and started again, it ends with the same
        weights. Started by torchrun, the processes share every batch, and a run may go on with another number of them.

        Args:
            out_dir: is made if needed; the same one for all processes.
            after_epoch: called when the files of an epoch are written, in the first process.

        Raises:
            InputError: `out_dir` holds a run with other settings, or cannot be written.
        """
        with joined(choose_device(self.device)) as processes:
            self._train(out_dir, after_epoch, processes)
        return out_dir / "best.safetensors"

    def _train(self, out_dir: Path, after_epoch: Callable[[], None], processes: Processes) -> None:
        last = out_dir / "last.safetensors"
        state = start_or_resume(last, self._settings, self.schedule, self.start, self.facts(), processes)
        if processes.first and not last.exists():
            state.save(last)  # a folder that cannot be written is told before anything is computed
        batches = TrainingBatches(self._crops, self._training, self.schedule, processes)
        steps = self.schedule.epochs * batches.steps_per_epoch
        bar = tqdm(total=steps, initial=state.step, desc="train isfuse", unit="step", disable=not processes.first)
        with bar, closing(batches.ahead(state.step, steps)) as coming:
            for batch, samples in coming:
                self._step(state, batch, samples, state.step / steps, processes)
                bar.update()
                if not processes.first:
                    continue
                if state.step % batches.steps_per_epoch == 0:
                    self._finish_epoch(state, out_dir)
                    after_epoch()
                    bar.set_postfix(validation=f"{state.history[-1]['validation_total']:.4f}")
                elif state.seconds_since_save() > self.schedule.checkpoint_s:
                    state.save(last)

    def facts(self) -> dict[str, Any]:
        """Give what decides the result, as stored in every checkpoint and compared before a run goes on."""
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
        }

    @property
    def held_out(self) -> list[Pair]:
        """The pairs that choose the epoch and never train."""
        return [self.pairs[index] for index in self._held_out]

    def _step(self, state: TrainingState, batch: Batch, samples: int, progress: float, processes: Processes) -> None:
        state.network.train(self.objective.batchnorm != "fixed")
        for group in state.optimizer.param_groups:
            group["lr"] = self.schedule.rate(progress)
        with exchanged_statistics(state.network, processes.divide(samples)):
            terms = batch_terms(self.objective, state.network, batch, self._precision)
        weight = processes.weight(samples)
        state.optimizer.zero_grad(set_to_none=True)
        (terms["total"] * weight).backward()  # type: ignore[no-untyped-call]
        terms = processes.add_up(state.network, terms, weight)
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
