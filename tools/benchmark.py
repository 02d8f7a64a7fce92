"""Measure speed as ratios within one run."""

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
from statistics import median
from typing import get_args

import numpy as np
import torch

from fusion import build_fuser, match_pairs
from fusion.batch_terms import Batch, batch_terms, draw_masks
from fusion.devices import choose_device
from fusion.images import luma
from fusion.metrics import SUITES, measure
from fusion.networks.isfuse import ISFuse
from fusion.objective import Objective
from fusion.pairs import Pair
from fusion.schedule import Precision
from pipelines.command_line import exit_code
from pipelines.config import load_training

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "fusion" / "metrics"))
from plain_conventions import PLAIN  # the rendition the tests compare with

Images = list[torch.Tensor]  # infrared, visible, fused, each (1, 1, H, W) uint8


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(required=True, metavar="what")
    metrics = kinds.add_parser("metrics", help="fusion metrics against a plain NumPy/SciPy rendition")
    metrics.add_argument("--infrared", type=Path, required=True, help="folder of infrared images")
    metrics.add_argument("--visible", type=Path, required=True, help="folder of visible images with equal file names")
    metrics.add_argument("--images", type=int, default=20, help="how many pairs to take (default: %(default)s)")
    metrics.set_defaults(measure=benchmark_metrics)
    training = kinds.add_parser("training", help="a training step with all interventions against one plain pass")
    training.add_argument("--crop", type=int, default=128, help="side of the crops (default: %(default)s)")
    training.add_argument("--batch", type=int, default=8, help="crops a step (default: %(default)s)")
    training.add_argument("--steps", type=int, default=10, help="steps of each kind (default: %(default)s)")
    training.add_argument("--device", default="auto", help="auto, cpu, cuda (default: %(default)s)")
    training.set_defaults(measure=benchmark_training)
    arguments = parser.parse_args()
    arguments.measure(arguments)


def benchmark_training(arguments: argparse.Namespace) -> None:
    """Time steps of the full objective and of the standard pass alone, in turn, and print medians and their ratio."""
    device, generator = choose_device(arguments.device), torch.Generator().manual_seed(0)
    images = torch.rand(arguments.batch, 2, arguments.crop, arguments.crop, generator=generator)
    cores = f"{platform.machine()}, {torch.get_num_threads()} threads"
    print(
        f"crops {arguments.crop}, batch {arguments.batch}, {device.type}, {cores}; median ms of {arguments.steps} steps"
    )
    print("recipe: the mean step of the default schedule against one pass")
    print(f"{'precision':10}{'one pass':>10}{'full':>10}{'ratio':>8}{'recipe':>8}")
    early = load_training("fusion_quality")["schedule"]["interventions_from"]  # this part of the steps is one pass
    for precision in get_args(Precision):
        network = ISFuse().to(device).to(memory_format=torch.channels_last)
        optimizer = torch.optim.Adam(network.parameters(), 1e-4)
        seconds: dict[str, list[float]] = {"no_interventions": [], "full": []}
        for _ in range(arguments.steps + 1):
            for ablation, measured in seconds.items():
                start = time.monotonic()
                masks = draw_masks(len(images), arguments.crop, generator) if ablation == "full" else ()
                terms = batch_terms(Objective(ablation=ablation), network, Batch(images, masks), precision)
                optimizer.zero_grad(set_to_none=True)
                terms["total"].backward()
                optimizer.step()
                terms["total"].item()  # waits for a GPU
                measured.append(time.monotonic() - start)
        plain, full = (median(measured[1:]) * 1000 for measured in seconds.values())
        ratio = full / plain
        print(f"{precision:10}{plain:10.0f}{full:10.0f}{ratio:8.2f}{early + (1 - early) * ratio:8.2f}")


def benchmark_metrics(arguments: argparse.Namespace) -> None:
    """Compare every metric and the suite with the plain rendition, in speed and values."""
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
