"""Benchmark of the fusion metrics against a plain reference implementation: speed and numerical difference."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from fusion import build_fuser, match_pairs
from fusion.cores import available_cores
from fusion.errors import InputError
from fusion.images import Pair, luma
from fusion.metrics import SUITES, measure
from pipelines.benchmarks.results import BenchmarkResult, environment_facts

Images = list[torch.Tensor]  # infrared, visible, fused, each (1, 1, H, W) uint8
PlainMetrics = Mapping[str, Callable[..., float]]  # by name; functions of three (H, W) uint8 arrays
_NOTE = "ours_ms, plain_ms: median CPU time of one thread per image; ratio: plain over ours, median over the images"


def benchmark_metrics(
    infrared_dir: Path, visible_dir: Path, images: int, plain: PlainMetrics, command: str
) -> BenchmarkResult:
    """Compare every metric and the whole suite with the plain implementation, on pairs fused by their average.

    Args:
        infrared_dir: folder of infrared images.
        visible_dir: folder of visible images of the same names.
        images: number of pairs.
        plain: the plain implementation of every metric of the suite `eif`.
        command: as it was typed.

    Raises:
        InputError: `images` is below 1; or see `match_pairs` and `Pair.read`.
    """
    if images < 1:
        raise InputError(f"--images {images}: expected at least 1")
    triplets = [_fuse_average(pair) for pair in match_pairs(infrared_dir, visible_dir)[:images]]
    cores, threads = available_cores(), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rows = [_compare(name, [name], triplets, plain) for name in SUITES["eif"]]
        rows.append(_compare("suite", SUITES["eif"], triplets, plain))
        alone, together = (_wall_seconds(triplets, workers) for workers in (1, cores))
    finally:
        torch.set_num_threads(threads)
    suite = f"{len(triplets) / together:.1f} images/s, {alone / together:.2f} x one"
    facts = [*environment_facts(command, 1), ("pairs", str(len(triplets))), (f"suite on {cores} cores", suite)]
    return BenchmarkResult(facts, rows, (_NOTE,))


def _fuse_average(pair: Pair) -> Images:
    infrared, visible = pair.read()
    y = luma(visible)
    fused = build_fuser("average").fuse(infrared[None], y[None])
    return [(image * 255).round().to(torch.uint8) for image in (infrared[None], y[None], fused)]


def _compare(label: str, names: Sequence[str], triplets: Sequence[Images], plain: PlainMetrics) -> dict[str, Any]:
    """Measure both implementations in turn, image by image; the first image is a warm-up."""
    seconds: list[tuple[float, float]] = []
    difference = 0.0
    for images in [triplets[0], *triplets]:
        ours, found = _cpu_seconds(_ours, images, names)
        theirs, expected = _cpu_seconds(_plain, images, names, plain)
        seconds.append((ours, theirs))
        difference = max(difference, float(np.abs(np.subtract(found, expected)).max()))
    ours_ms, plain_ms = (median(column) * 1000 for column in zip(*seconds[1:], strict=True))
    return {
        "metric": label,
        "ours_ms": ours_ms,
        "plain_ms": plain_ms,
        "ratio": median(theirs / ours for ours, theirs in seconds[1:]),
        "images_per_s": 1000 / ours_ms,
        "difference": difference,
    }


def _ours(images: Images, names: Sequence[str]) -> list[float]:
    infrared, visible, fused = images
    return [float(value) for value in measure(infrared, visible, fused, names).values()]


def _plain(images: Images, names: Sequence[str], plain: PlainMetrics) -> list[float]:
    arrays = [image[0, 0].numpy() for image in images]
    return [plain[name](*arrays) for name in names]


def _cpu_seconds(work: Callable[..., list[float]], *arguments: Any) -> tuple[float, list[float]]:
    start = time.process_time()
    results = work(*arguments)
    return time.process_time() - start, results


def _wall_seconds(triplets: Sequence[Images], workers: int) -> float:
    with ThreadPoolExecutor(workers) as pool:
        start = time.monotonic()
        list(pool.map(lambda images: measure(*images), triplets))
        return time.monotonic() - start
