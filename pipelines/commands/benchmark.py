"""Measure speed and memory, as ratios within one run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.command_line import typed_command
from fusion.errors import InputError
from pipelines import benchmarks  # its functions are looked up when they are called, which imports torch

if TYPE_CHECKING:
    Kinds = argparse._SubParsersAction[argparse.ArgumentParser]


def main() -> None:
    """Parse the command line, run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(required=True, metavar="what")
    for add in (_add_fusers, _add_training, _add_pipeline, _add_metrics):
        kind = add(kinds)
        kind.add_argument("--out", type=Path, metavar="FILE.csv", help="also write the table to this file")
    arguments = vars(parser.parse_args())
    measure, out = arguments.pop("measure"), arguments.pop("out")
    result: benchmarks.BenchmarkResult = measure(**arguments, command=typed_command())
    print(result.text())
    if out:
        result.write(out)


def _add_fusers(kinds: Kinds) -> argparse.ArgumentParser:
    fusers = kinds.add_parser("fusers", help="fusing one pair: time, memory, work and difference of every form")
    fusers.add_argument(
        "--fuser", dest="fusers", nargs="+", default=benchmarks.default_fusers(), help="default: %(default)s"
    )
    fusers.add_argument("--size", dest="sizes", nargs="+", default=["640x480"], help="default: %(default)s")
    fusers.add_argument(
        "--backend", dest="backends", nargs="+", default=benchmarks.BACKENDS, help="default: %(default)s"
    )
    fusers.add_argument("--rounds", type=int, default=20, help="measurements per form (default: %(default)s)")
    fusers.add_argument("--threads", type=int, help="threads per form (default: that of torch, one per core)")
    fusers.add_argument("--device", default="auto", help="device of torch: auto, cpu, cuda (default: %(default)s)")
    fusers.add_argument(
        "--infrared", dest="infrared_dir", type=Path, help="folder: the first pair is fused, the others calibrate int8"
    )
    fusers.add_argument("--visible", dest="visible_dir", type=Path, help="folder of images of the same names")
    fusers.set_defaults(measure=lambda **given: benchmarks.benchmark_fusers(**given))
    return fusers


def _add_training(kinds: Kinds) -> argparse.ArgumentParser:
    training = kinds.add_parser("training", help="a training step with all interventions against a standard pass")
    training.add_argument("--crop", type=int, default=128, help="side of the crops (default: %(default)s)")
    training.add_argument(
        "--batch", dest="batch_size", type=int, default=8, help="crops per step (default: %(default)s)"
    )
    training.add_argument("--steps", type=int, default=10, help="steps of each kind (default: %(default)s)")
    training.add_argument("--device", dest="device_name", default="auto", help="auto, cpu, cuda (default: %(default)s)")
    training.set_defaults(measure=lambda **given: benchmarks.benchmark_training(**given))
    return training


def _add_pipeline(kinds: Kinds) -> argparse.ArgumentParser:
    pipeline = kinds.add_parser("pipeline", help="the stages of a pipeline, and a second run that skips them all")
    pipeline.add_argument("name", help="name of a pipeline, as in run_pipeline.py --list")
    pipeline.add_argument("overrides", nargs="*", metavar="key.sub=value", help="settings to change, after the name")
    pipeline.add_argument("--data", type=Path, help="data folder (default: data/NAME, else the built-in sample)")
    pipeline.add_argument(
        "--work-dir", type=Path, help="work folder; finished stages keep their old records (default: temporary)"
    )
    pipeline.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="stages side by side; memory is recorded from 2 on"
    )
    pipeline.set_defaults(measure=lambda **given: benchmarks.benchmark_pipeline(**given))
    return pipeline


def _add_metrics(kinds: Kinds) -> argparse.ArgumentParser:
    metrics = kinds.add_parser("metrics", help="fusion metrics against the plain NumPy/SciPy implementation in tests/")
    metrics.add_argument("--infrared", dest="infrared_dir", type=Path, required=True, help="folder of infrared images")
    metrics.add_argument(
        "--visible", dest="visible_dir", type=Path, required=True, help="folder of visible images of the same names"
    )
    metrics.add_argument("--images", type=int, default=20, help="number of pairs (default: %(default)s)")
    metrics.set_defaults(measure=_benchmark_metrics)
    return metrics


def _benchmark_metrics(**arguments: Any) -> benchmarks.BenchmarkResult:
    """Run the benchmark with the plain implementation of the tests."""
    root = Path(__file__).parents[2]
    if not (root / "tests").is_dir():
        raise InputError("benchmark metrics: needs the folder tests of a checkout, for the plain implementation")
    sys.path.insert(0, str(root))
    from tests.fusion.metrics.plain_conventions import PLAIN

    return benchmarks.benchmark_metrics(**arguments, plain=PLAIN["eif"])
