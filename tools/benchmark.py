"""Measure speed as ratios within one run."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

import torch

from fusion.command_line import exit_code
from pipelines.benchmarks import (
    BACKENDS,
    Measured,
    benchmark_fusers,
    benchmark_metrics,
    benchmark_pipeline,
    benchmark_training,
    default_fusers,
)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(required=True, metavar="what")
    for add in (_add_fusers, _add_training, _add_pipeline, _add_metrics):
        kind = add(kinds)
        kind.add_argument("--out", type=Path, metavar="FILE.csv", help="write the table there too")
    arguments = vars(parser.parse_args())
    measure, out = arguments.pop("measure"), arguments.pop("out")
    measured: Measured = measure(**arguments, command=shlex.join(["python", *sys.argv]))
    print(measured.text())
    if out:
        measured.write(out)


def _add_fusers(kinds: argparse._SubParsersAction) -> argparse.ArgumentParser:
    fusers = kinds.add_parser("fusers", help="fusing one pair: time, memory, work, deviation, in every form")
    fusers.add_argument("--fuser", dest="fusers", nargs="+", default=default_fusers(), help="default: %(default)s")
    fusers.add_argument("--size", dest="sizes", nargs="+", default=["640x480"], help="default: %(default)s")
    fusers.add_argument("--backend", dest="backends", nargs="+", default=BACKENDS, help="default: %(default)s")
    fusers.add_argument("--rounds", type=int, default=20, help="how often each is timed (default: %(default)s)")
    fusers.add_argument("--threads", type=int, default=torch.get_num_threads(), help="default: %(default)s")
    fusers.add_argument("--device", default="auto", help="of what torch computes: auto, cpu, cuda")
    fusers.add_argument("--infrared", dest="infrared_dir", type=Path, help="folder: one pair to fuse, others for int8")
    fusers.add_argument("--visible", dest="visible_dir", type=Path, help="folder with equal file names")
    fusers.set_defaults(measure=benchmark_fusers)
    return fusers


def _add_training(kinds: argparse._SubParsersAction) -> argparse.ArgumentParser:
    training = kinds.add_parser("training", help="a training step with all interventions against one plain pass")
    training.add_argument("--crop", type=int, default=128, help="side of the crops (default: %(default)s)")
    training.add_argument("--batch", dest="batch_size", type=int, default=8, help="crops a step (default: %(default)s)")
    training.add_argument("--steps", type=int, default=10, help="steps of each kind (default: %(default)s)")
    training.add_argument("--device", dest="device_name", default="auto", help="auto, cpu, cuda (default: %(default)s)")
    training.set_defaults(measure=benchmark_training)
    return training


def _add_pipeline(kinds: argparse._SubParsersAction) -> argparse.ArgumentParser:
    pipeline = kinds.add_parser("pipeline", help="the stages of a pipeline, and a second run that skips them all")
    pipeline.add_argument("name", help="as run_pipeline.py takes it")
    pipeline.add_argument("overrides", nargs="*", metavar="key.sub=value", help="a setting to change, right after it")
    pipeline.add_argument("--data", type=Path, help="the data folder (default: data/NAME, else the built-in sample)")
    pipeline.add_argument("--work-dir", type=Path, help="what is finished there is told as it was (default: temporary)")
    pipeline.add_argument("--jobs", type=int, default=1, metavar="N", help="stages side by side; from 2 on with memory")
    pipeline.set_defaults(measure=benchmark_pipeline)
    return pipeline


def _add_metrics(kinds: argparse._SubParsersAction) -> argparse.ArgumentParser:
    metrics = kinds.add_parser("metrics", help="fusion metrics against the plain NumPy/SciPy rendition of the tests")
    metrics.add_argument("--infrared", dest="infrared_dir", type=Path, required=True, help="folder of infrared images")
    metrics.add_argument("--visible", dest="visible_dir", type=Path, required=True, help="folder of equal file names")
    metrics.add_argument("--images", type=int, default=20, help="how many pairs to take (default: %(default)s)")
    metrics.set_defaults(measure=_benchmark_metrics)
    return metrics


def _benchmark_metrics(**arguments: object) -> Measured:
    """Take the rendition from the tests."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.fusion.metrics.plain_conventions import PLAIN

    return benchmark_metrics(**arguments, plain=PLAIN["eif"])


if __name__ == "__main__":
    sys.exit(exit_code(main))
