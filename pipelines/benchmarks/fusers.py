"""What fusing one pair costs, for several fusers in several forms, measured in turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fusion import list_fusers
from fusion.devices import choose_device
from fusion.errors import InputError, unknown_name
from fusion.fusers import require_options
from pipelines.benchmarks.candidates import TORCH_BACKENDS, torch_candidates
from pipelines.benchmarks.exported import EXPORT_BACKENDS, exported_candidates
from pipelines.benchmarks.fuser_row import fuser_row
from pipelines.benchmarks.images import choose_images, luma_pair, parse_size
from pipelines.benchmarks.measured import Measured, surroundings
from pipelines.benchmarks.rounds import run_rounds
from pipelines.benchmarks.yardstick import yardsticks

_NOTES = (
    "ratio: seconds of the first row over this row's in the same round; median, and quartiles as low and high",
    "start_s: until a new process has fused its first pair; torch.compile keeps what it compiled on disk for the next",
    "memory_mb: peak of a process of its own above torch and the images, building included; on a GPU as allocated",
    "difference: largest one to the float32 result of PyTorch on the CPU, in grey levels of 255, before rounding",
    "peak_share: of the FLOP/s that torch reaches in a matrix product of that precision; TF32 for float32 on a GPU",
)


BACKENDS = (*TORCH_BACKENDS, *EXPORT_BACKENDS)
_USUAL = ("isfuse", "isfuse-lite", "average", "laplacian")


def default_fusers() -> list[str]:
    """List what is compared where nothing is named: our networks, and two classical fusers for orientation."""
    return [name for name in _USUAL if name in list_fusers()]


def benchmark_fusers(
    fusers: Sequence[str],
    sizes: Sequence[str],
    backends: Sequence[str],
    rounds: int,
    threads: int,
    device: str,
    infrared_dir: Path | None,
    visible_dir: Path | None,
    command: str,
) -> Measured:
    """Measure time, memory, work and deviation of fusing one pair.

    Args:
        fusers: as `build_fuser` takes them, without options; a network is measured in all its forms.
        sizes: as WIDTHxHEIGHT; the pair is resized to each.
        backends: of `BACKENDS`, what is to compute a network.
        rounds: how often each candidate is timed.
        threads: that a candidate may use.
        device: of what torch computes, as `choose_device` takes it.
        infrared_dir: the first pair is fused, others calibrate int8 forms; None fuses smooth noise.
        visible_dir: likewise.
        command: as it was typed.

    Raises:
        InputError: a mistake of the user's.
    """
    parsed = [parse_size(size) for size in sizes]
    if rounds < 1 or threads < 1:
        raise InputError(f"--rounds {rounds} --threads {threads}; expected both at least 1")
    images, chosen = choose_images(infrared_dir, visible_dir), str(choose_device(device))
    for fuser in fusers:
        require_options(fuser, {})
    for backend in backends:
        if backend not in BACKENDS:
            raise unknown_name("backend", backend, BACKENDS)
    rows: list[dict[str, Any]] = []
    with TemporaryDirectory() as folder:
        candidates = [
            candidate
            for fuser in fusers
            for candidate in (
                *torch_candidates(fuser, backends, chosen),
                *exported_candidates(fuser, backends, Path(folder), images.calibration),
            )
        ]
        for size in parsed:
            pair = luma_pair(images.fused, size)
            trials = run_rounds(candidates, pair, rounds, threads)
            measured = [c for c, trial in zip(candidates, trials, strict=True) if not trial.reason]
            sticks = yardsticks(measured, *pair)
            for candidate, trial in zip(candidates, trials, strict=True):
                rows.append({"size": "x".join(map(str, size)), **fuser_row(candidate, trial, trials[0], sticks)})
    content = f"{images.fused.infrared}, resized" if images.fused else "smooth noise"
    facts = [*surroundings(command, threads), ("images", content), ("rounds", str(rounds))]
    return Measured(facts, rows, _NOTES)
