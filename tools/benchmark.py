"""Measure speed as ratios within one run: the metrics against a plain NumPy/SciPy rendition of the same suite."""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from fusion import build_fuser, match_pairs
from fusion.images import luma
from fusion.metrics import SUITES, measure
from fusion.pairs import Pair
from pipelines.command_line import exit_code

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "fusion" / "metrics"))
from plain_conventions import PLAIN  # the rendition the tests compare with

Images = list[torch.Tensor]  # infrared, visible, fused, each (1, 1, H, W) uint8


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["metrics"])
    parser.add_argument("--infrared", type=Path, required=True, help="folder of infrared images")
    parser.add_argument("--visible", type=Path, required=True, help="folder of visible images with equal file names")
    parser.add_argument("--images", type=int, default=20, help="how many pairs to take (default: %(default)s)")
    arguments = parser.parse_args()
    pairs = match_pairs(arguments.infrared, arguments.visible)[: arguments.images]
    torch.set_num_threads(1)
    triplets = [_average_of(pair) for pair in pairs]
    print(f"{len(pairs)} pairs, fused by average; {platform.machine()}, {os.cpu_count()} cores; CPU ms per image")
    print(f"{'metric':10}{'ours':>8}{'plain':>8}{'ratio':>7}{'images/s':>10}{'largest difference':>20}")
    for name in SUITES["eif"]:
        _compare(name, [name], triplets)
    _compare("suite", SUITES["eif"], triplets)
    seconds = [_wall_seconds(triplets, workers) for workers in (1, os.cpu_count() or 1)]
    print(
        f"suite on {os.cpu_count()} cores: {len(pairs) / seconds[1]:.1f} images/s, {seconds[0] / seconds[1]:.2f} x one"
    )
    print(f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _average_of(pair: Pair) -> Images:
    infrared, visible = pair.read()
    y = luma(visible)
    fused = build_fuser("average").fuse(infrared[None], y[None])
    return [(image * 255).round().to(torch.uint8) for image in (infrared[None], y[None], fused)]


def _compare(label: str, names: Sequence[str], triplets: Sequence[Images]) -> None:
    ours, found = _cpu_ms(lambda images: list(measure(*images, names).values()), triplets)
    plain, expected = _cpu_ms(lambda images: _plain(images, names), triplets)
    difference = np.abs(np.array(found, dtype=float).reshape(-1) - np.array(expected).reshape(-1)).max()
    print(f"{label:10}{ours:8.1f}{plain:8.1f}{plain / ours:7.1f}{1000 / ours:10.1f}{difference:20.1e}")


def _plain(images: Images, names: Sequence[str]) -> list[float]:
    arrays = [image[0, 0].numpy() for image in images]
    return [PLAIN["eif"][name](*arrays) for name in names]


def _cpu_ms(work: Callable[[Images], list[float]], triplets: Sequence[Images]) -> tuple[float, list[list[float]]]:
    work(triplets[0])
    start = time.process_time()
    results = [work(images) for images in triplets]
    return (time.process_time() - start) / len(triplets) * 1000, results


def _wall_seconds(triplets: Sequence[Images], workers: int) -> float:
    with ThreadPoolExecutor(workers) as pool:
        start = time.monotonic()
        list(pool.map(lambda images: measure(*images), triplets))
        return time.monotonic() - start


if __name__ == "__main__":
    sys.exit(exit_code(main))
