"""Benchmark of fusing one pair of images, for several fusers in several forms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from fusion import list_fusers, match_pairs
from fusion.errors import InputError, unknown_name
from fusion.fusers import require_options
from fusion.images import Pair
from pipelines.benchmarks.candidates import EXPORT_BACKENDS, TORCH_BACKENDS, exported_candidates, torch_candidates
from pipelines.benchmarks.results import BenchmarkResult, environment_facts

if TYPE_CHECKING:
    from torch import Tensor

BACKENDS = (*TORCH_BACKENDS, *EXPORT_BACKENDS)
_DEFAULT = ("isfuse", "isfuse-lite", "average", "laplacian")  # our networks, and two classical fusers for orientation
_NOTES = (
    "ratio: time of the first row over the time of this row in the same round; median, and quartiles as low and high",
    "start_s: time until a new process has fused its first pair; torch.compile caches compiled code on disk",
    "memory_mb: peak of a separate process above torch and the images, including the build; on a GPU, as allocated",
    "difference: largest difference from the float32 result of PyTorch on the CPU, in grey levels of 255, unrounded",
    "peak_share: share of the FLOP/s of torch in matrix products of this precision (TF32 for float32 on GPUs)",
)
Size = tuple[int, int]  # width, height


class Images(NamedTuple):
    """The pair to fuse, or None for smooth noise, and the pairs for calibration."""

    fused: Pair | None
    calibration: list[Pair]


def default_fusers() -> list[str]:
    """Return the fusers that are compared by default, as far as they are available."""
    return [name for name in _DEFAULT if name in list_fusers()]


def benchmark_fusers(
    fusers: Sequence[str],
    sizes: Sequence[str],
    backends: Sequence[str],
    rounds: int,
    threads: int | None,
    device: str,
    infrared_dir: Path | None,
    visible_dir: Path | None,
    command: str,
) -> BenchmarkResult:
    """Measure time, memory, work and numerical difference of fusing one pair.

    Args:
        fusers: names that `build_fuser` accepts, of fusers without required options. A network is measured in all its
            forms.
        sizes: as WIDTHxHEIGHT; the pair is resized to each of them.
        backends: of `BACKENDS`, the engines that run a network.
        rounds: number of measurements per candidate.
        threads: number of threads per candidate; None uses the default of torch.
        device: of the candidates that torch runs, as `choose_device` accepts it.
        infrared_dir: the first pair is fused, the others calibrate int8 forms; None fuses smooth noise.
        visible_dir: likewise.
        command: as it was typed.

    Raises:
        InputError: a fuser, backend, size, device, number or folder is invalid.
    """
    if rounds < 1 or (threads is not None and threads < 1):
        raise InputError(f"--rounds {rounds} --threads {threads}: expected both to be at least 1")
    for fuser in fusers:
        require_options(fuser, {})
    for backend in backends:
        if backend not in BACKENDS:
            raise unknown_name("backend", backend, BACKENDS)
    parsed = [parse_size(size) for size in sizes]
    images = choose_images(infrared_dir, visible_dir)

    import torch

    from fusion.devices import choose_device
    from pipelines.benchmarks.trials import fuser_row, references, run_rounds

    threads, chosen = threads or torch.get_num_threads(), str(choose_device(device))
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
            found = references(measured, *pair)
            for candidate, trial in zip(candidates, trials, strict=True):
                rows.append({"size": "x".join(map(str, size)), **fuser_row(candidate, trial, trials[0], found)})
    content = f"{images.fused.infrared}, resized" if images.fused else "smooth noise"
    facts = [*environment_facts(command, threads), ("images", content), ("rounds", str(rounds))]
    return BenchmarkResult(facts, rows, _NOTES)


def parse_size(text: str) -> Size:
    """Parse WIDTHxHEIGHT.

    Example:
        >>> parse_size("640x480")
        (640, 480)

    Raises:
        InputError: another form, or smaller than the networks accept.
    """
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if not found:
        raise InputError(f"--size {text}: expected WIDTHxHEIGHT in pixels. Try: --size 640x480")
    from fusion.networks import SMALLEST_SIDE

    if min(map(int, found.groups())) < SMALLEST_SIDE:
        raise InputError(f"--size {text}: too small (expected WIDTHxHEIGHT in pixels, each at least {SMALLEST_SIDE})")
    return int(found[1]), int(found[2])


def choose_images(infrared_dir: Path | None, visible_dir: Path | None) -> Images:
    """Choose the first pair of two folders to fuse and the others for calibration.

    Raises:
        InputError: only one folder is given; or see `match_pairs`.
    """
    if infrared_dir is None and visible_dir is None:
        return Images(None, [])
    if infrared_dir is None or visible_dir is None:
        raise InputError("--infrared and --visible: only one is given (expected both folders or none)")
    first, *others = match_pairs(infrared_dir, visible_dir)
    return Images(first, others)


def luma_pair(pair: Pair | None, size: Size) -> tuple[Tensor, Tensor]:
    """Read a pair and resize it, or draw smooth noise of a fixed seed.

    Args:
        pair: to read; None for noise.
        size: (width, height) in pixels.

    Returns:
        Infrared and visible luma, (1, 1, H, W) float32 in [0, 1].
    """
    import torch
    from torch.nn import functional as F

    from fusion.images import luma

    if pair is None:
        generator = torch.Generator().manual_seed(0)
        grids = torch.rand(2, 1, 1, 12, 16, generator=generator).unbind()
    else:
        infrared, visible = pair.read()
        grids = infrared[None], luma(visible)[None]
    first, second = (F.interpolate(grid, size[::-1], mode="bilinear", align_corners=False) for grid in grids)
    return first, second
