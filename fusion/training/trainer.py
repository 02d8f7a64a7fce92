"""Train the fusion network in one loop that can be interrupted at any moment and resumed from its last checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from fusion.devices import choose_device
from fusion.errors import InputError
from fusion.fusers import build_fuser
from fusion.images import Pair, luma, with_chroma_of
from fusion.networks import ISFuse, require_network, save_network
from fusion.seeds import seed_for
from fusion.storage import Fingerprints
from fusion.training.batches import Batch, TrainingBatches, central_batches
from fusion.training.critic import Critic
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
        critic: a network for a task that is trained along and judges the fused images, those under interventions
            included; its score on the held-out pairs then selects the best epoch.

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
    critic: Critic | None = None

    def __post_init__(self) -> None:
        if len(self.pairs) < 2:
            raise InputError(f"too few training pairs (found {len(self.pairs)}, expected at least 2: one is held out)")
        require_network(self.network)
        if self.objective.batchnorm == "fixed" and not self.start:
            raise InputError(
                "batchnorm='fixed': needs start weights, whose running statistics it keeps (found none). "
                "Try: start=isfuse"
            )
        if self.critic and not self.objective.divided:
            raise InputError("divided=False: not with a critic, which judges one intervention per sample")
        if self.schedule.crop % (factor := self.network.get("shrink", 1)):
            raise InputError(
                f"schedule.crop={self.schedule.crop}: not divisible by network.shrink={factor} "
                f"(expected a multiple of {factor})"
            )
        self._precision = self.schedule.precision_on(choose_device(self.device))
        self._training, self._held_out = hold_out(len(self.pairs), self.schedule.validation, self.schedule.seed)
        teacher = build_fuser(self.teacher) if self.teacher else None
        self._crops = CropSource(self.pairs, self.schedule.crop, self.schedule.seed, teacher, bool(self.critic))
        self._settings = {**self.network, **({"gate": "none"} if self.objective.leaves_out("integrator") else {})}

    def run(self, out_dir: Path, after_epoch: Callable[[], None] = lambda: None) -> Path:
        """Train, or resume the training in `out_dir`, and return the file with the best weights.

        Writes `best.safetensors` (lowest total loss, or highest score, on the held-out pairs), `last.safetensors` (the
        state to resume from) and `log.csv` (losses and metrics, one row per epoch). A run that was killed and started
        again ends with the same weights, bit by bit. Under torchrun, the processes share every batch; a run may be
        resumed with a different number of processes.

        Args:
            out_dir: created if needed; the same for all processes.
            after_epoch: called in the main process when the files of an epoch are written.

        Raises:
            InputError: `out_dir` contains a run with other settings or on other images, or cannot be written; or an
                image cannot be read; or several processes train with a critic.
            FloatingPointError: the training diverged.
        """
        with process_group(choose_device(self.device)) as processes:
            self._train(out_dir, after_epoch, processes)
        return out_dir / "best.safetensors"

    def _train(self, out_dir: Path, after_epoch: Callable[[], None], processes: Processes) -> None:
        if self.critic and processes.count > 1:
            raise InputError(f"a critic is trained in one process (found {processes.count}). Try: without torchrun")
        last = out_dir / "last.safetensors"
        state = start_or_resume(last, self._settings, self.schedule, self.start, self.facts(), processes, self.critic)
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
                    found = state.history[-1]["validation_score" if self.critic else "validation_total"]
                    bar.set_postfix(validation=f"{found:.4f}")
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
            **({"critic": dict(self.critic.facts)} if self.critic else {}),
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
        if self.critic:
            self.critic.network.train()
        state.set_rate(self.schedule.rate(progress), self.schedule.learning_rate)
        with synced_statistics(state.network, processes.is_sharded(samples)), _seeded(self.schedule.seed, state.step):
            terms = batch_terms(self.objective, state.network, batch, self._precision, self.critic)
        weight = processes.weight(samples)
        for optimizer in state.optimizers:
            optimizer.zero_grad(set_to_none=True)
        (terms["total"] * weight).backward()  # type: ignore[no-untyped-call]
        terms = processes.all_reduce(state.network, terms, weight)
        for optimizer in state.optimizers:
            optimizer.step()
        state.count(terms, samples)

    def _finish_epoch(self, state: TrainingState, out_dir: Path) -> None:
        batches = central_batches(self._crops, self._held_out, self.schedule)
        validation = validate(self.objective, state.network, batches, self._precision, self.critic)
        if self.critic:
            validation["validation_score"] = self.critic.score(self._fused_pairs(state.network))
        is_best = state.close_epoch(len(state.history) + 1, validation)
        if is_best:
            facts = {**self.facts(), "epoch": len(state.history), "values": state.history[-1]}
            save_network(out_dir / "best.safetensors", state.network, self._settings, facts)
        write_log(out_dir / "log.csv", state.history)
        state.save(out_dir / "last.safetensors")

    @torch.no_grad()
    def _fused_pairs(self, network: ISFuse) -> Iterator[tuple[int, Tensor]]:
        """Fuse the held-out pairs as a whole, in evaluation mode, for the critic."""
        network.eval()
        device = next(network.parameters()).device
        for index in self._held_out:
            infrared, visible = (image[None].to(device) for image in self.pairs[index].read())
            fusion = network(infrared, luma(visible))
            yield index, with_chroma_of(fusion.fused, visible, fusion.chroma)[0]


@contextmanager
def _seeded(seed: int, step: int) -> Iterator[None]:
    """Let what a critic draws, such as dropout, depend on the seed and the step only."""
    with torch.random.fork_rng():
        torch.manual_seed(seed_for(seed, "critic", step))
        yield
