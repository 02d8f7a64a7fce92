"""Benchmark of a training step with and without interventions."""

from __future__ import annotations

import time
from statistics import median
from typing import Any, get_args

from fusion.errors import InputError
from pipelines.benchmarks.results import BenchmarkResult, environment_facts
from pipelines.config import load_training


def benchmark_training(crop: int, batch_size: int, steps: int, device_name: str, command: str) -> BenchmarkResult:
    """Time steps of the full objective and of the standard pass alone, in turn, and compare their medians.

    The column `recipe` is the mean time of a step over the default schedule, relative to the standard pass.

    Args:
        crop: side of the crops in pixels.
        batch_size: crops per step.
        steps: number of timed steps of each kind.
        device_name: as `choose_device` accepts it.
        command: as it was typed.

    Raises:
        InputError: a number is below 1, or the device is not available.
    """
    if min(crop, batch_size, steps) < 1:
        raise InputError(f"--crop {crop} --batch {batch_size} --steps {steps}: expected each to be at least 1")

    import torch

    from fusion.devices import choose_device
    from fusion.networks import ISFuse
    from fusion.training import Batch, Objective, Precision, batch_terms, draw_masks

    device, generator = choose_device(device_name), torch.Generator().manual_seed(0)
    images = torch.rand(batch_size, 2, crop, crop, generator=generator)
    early = load_training("fusion_quality")["schedule"]["interventions_from"]  # share of the steps without them
    rows: list[dict[str, Any]] = []
    for precision in get_args(Precision):
        network = ISFuse().to(device).to(memory_format=torch.channels_last)
        optimizer = torch.optim.Adam(network.parameters(), 1e-4)
        seconds: dict[str, list[float]] = {"no_interventions": [], "full": []}
        for _ in range(steps + 1):  # the first one is a warm-up
            for ablation, measured in seconds.items():
                start = time.monotonic()
                masks = draw_masks(batch_size, crop, generator) if ablation == "full" else ()
                terms = batch_terms(Objective(ablation=ablation), network, Batch(images, masks), precision)
                optimizer.zero_grad(set_to_none=True)
                terms["total"].backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                terms["total"].item()  # waits for a GPU
                measured.append(time.monotonic() - start)
        plain, full = (median(measured[1:]) * 1000 for measured in seconds.values())
        ratio = full / plain
        times = {"one_pass_ms": plain, "full_ms": full}
        rows.append({"precision": precision, **times, "ratio": ratio, "recipe": early + (1 - early) * ratio})
    work = [("crop", str(crop)), ("batch", str(batch_size)), ("steps", str(steps)), ("device", device.type)]
    return BenchmarkResult([*environment_facts(command, torch.get_num_threads()), *work], rows)
