"""The stages that measure what each row costs per frame: milliseconds of fusing and of the networks.

One frame at a time, decoded before the clock runs: neither reading, writing nor registering is counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pipelines.rows import (
    Cost,
    EarlyRow,
    Experiment,
    FuserRow,
    LateRow,
    RunId,
    cost_stage,
    fold_folder,
    load_pairs,
)
from pipelines.stages import Inputs, Stage, Summary

if TYPE_CHECKING:
    from fusion.images import Pair

_MOST_FRAMES = 20  # spread over the test images
_LONGEST_S = 10.0  # after which no other frame is measured

Frame = TypeVar("Frame")


class Timing(NamedTuple):
    """Median milliseconds per frame, and the number of frames measured."""

    ms: float
    frames: int


TimeNetwork = Callable[[Inputs, RunId, Sequence[Path]], Timing]
TimeMerging = Callable[[Inputs, LateRow, RunId, Sequence[str]], Timing]


def median_ms(work: Callable[[Frame], object], frames: Iterable[Frame], device: str) -> Timing:
    """Time work on one frame after the other, after a first time on the first frame that is not counted.

    Args:
        work: what is timed.
        frames: at least one; producing a frame is not timed.
        device: on which the work is done.
    """
    from fusion.devices import synchronize

    taken = list[float]()
    for frame in frames:
        if not taken:
            work(frame)
        synchronize(device)
        start = time.perf_counter()
        work(frame)
        synchronize(device)
        taken.append(time.perf_counter() - start)
        if sum(taken) > _LONGEST_S:
            break
    return Timing(1000 * median(taken), len(taken))


def cost_stages(
    experiment: Experiment, stages: Sequence[Stage], time_network: TimeNetwork, time_merging: TimeMerging
) -> list[Stage]:
    """Return a stage per row whose networks run here, for its first seed and fold; rows that merge others come last.

    Args:
        experiment: what is measured.
        stages: all before; merging is measured on what the scoring of a late row needs.
        time_network: times a trained network on image files.
        time_merging: times merging what the members of a late row predict for images of given stems.
    """
    needs = {stage.name: stage.needs for stage in stages}
    single, late = list[Stage](), list[Stage]()
    for row in filter(experiment.is_timed, experiment.rows):
        if isinstance(row, FuserRow | EarlyRow):
            single.append(_network_stage(experiment, row, time_network))
        elif isinstance(row, LateRow):
            late.append(_late_stage(experiment, row, needs, time_merging))
    return [*single, *late]


def _network_stage(experiment: Experiment, row: FuserRow | EarlyRow, time_network: TimeNetwork) -> Stage:
    run_id, device = experiment.first_training(row.name), experiment.settings.device
    images = f"fuse/{experiment.fusion_of(run_id)}"
    making = experiment.trained(row)[0] if isinstance(row, FuserRow) else row

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from fusion.devices import choose_device

        pairs, place = _shown_pairs(inputs, run_id), str(choose_device(device))
        fusing = _time_making(making, inputs, pairs, place)
        files = [inputs[images] / "images" / f"{pair.stem}{row.suffix}" for pair in pairs]
        network = time_network(inputs, run_id, files)
        frames = min(timing.frames for timing in (fusing, network) if timing)
        return _save(out_dir, fusing.ms if fusing else None, network.ms, frames, place)

    needs = ("prepare", *(making.needs if isinstance(making, FuserRow) else ()), images, run_id.training_stage)
    return Stage(cost_stage(row.name), run, {"device": device}, needs=needs, may_fail=True, alone=True)


def _time_making(row: FuserRow | EarlyRow, inputs: Inputs, pairs: Sequence[Pair], device: str) -> Timing | None:
    """Time making what the network sees; None where other code has."""
    from downstream.four_channels import stack_channels
    from fusion.fusers import fuse_encoded

    if isinstance(row, FuserRow) and row.folder:
        return None
    if row.level == "source":
        return Timing(0.0, len(pairs))
    make = stack_channels if isinstance(row, EarlyRow) else partial(fuse_encoded, row.build(inputs))
    return median_ms(lambda images: make(*images), (pair.read_encoded() for pair in pairs), device)


def _late_stage(
    experiment: Experiment, row: LateRow, needs: Mapping[str, tuple[str, ...]], time_merging: TimeMerging
) -> Stage:
    """Add up the members, which are measured already, and what merging takes."""
    run_id, device = experiment.first_training(row.name), experiment.settings.device
    members = [cost_stage(name) for name in row.members]

    def run(out_dir: Path, inputs: Inputs) -> Summary:
        from fusion.devices import choose_device

        stems, place = [pair.stem for pair in _shown_pairs(inputs, run_id)], str(choose_device(device))
        merging = time_merging(inputs, row, run_id, stems)
        costs = [Cost.load(inputs[stage]) for stage in members]
        making = [cost.fusing_ms for cost in costs if cost.fusing_ms is not None]
        fusing_ms = sum(making) + merging.ms if len(making) == len(costs) else None
        frames = min(merging.frames, *(cost.frames for cost in costs))
        return _save(out_dir, fusing_ms, sum(cost.network_ms for cost in costs), frames, place)

    key = {"device": device, "method": row.method}
    needed = (*needs[run_id.scoring_stage], *members)
    return Stage(cost_stage(row.name), run, key, needs=needed, may_fail=True, alone=True)


def _shown_pairs(inputs: Inputs, run_id: RunId) -> list[Pair]:
    """Return test pairs at equal distances."""
    pairs = load_pairs(fold_folder(inputs["prepare"], run_id.fold), "test")
    return pairs[:: -(-len(pairs) // _MOST_FRAMES)]


def _save(out_dir: Path, fusing_ms: float | None, network_ms: float, frames: int, device: str) -> Summary:
    import torch

    cost = Cost(fusing_ms, network_ms, frames, device, torch.get_num_threads())
    cost.save(out_dir)
    return asdict(cost)
