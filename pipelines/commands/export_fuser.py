"""Export a learned fuser to a file for other engines, and check the file against the network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from fusion import InputError, match_pairs
from fusion.export import ExportPrecision, Form, export_fuser
from fusion.fusers import SHIPPED, fuser_files
from fusion.images import add_reading_options, reading_options

_NEXT = {
    "onnx": "python tools/fuse_images.py --infrared DIR --visible DIR --out fused/ --fuser onnx model={path}",
    "openvino": "python tools/fuse_images.py --infrared DIR --visible DIR --out fused/ --fuser onnx model={path} "
    "backend=openvino",
    "torchscript": 'in Python: fused = torch.jit.load("{path}")(infrared, visible)',
}
_LOADING = (
    "Images are float32 luma in [0, 1], (batch, 1, height, width). TorchScript in Python: "
    'network = torch.jit.load("net.pt"); fused = network(infrared, visible).'
)


def main() -> None:
    """Parse the arguments, export, print what was written and how to use it."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=_LOADING)
    parser.add_argument("--fuser", default="isfuse", help="a fuser with a network (default: %(default)s)")
    parser.add_argument("--to", choices=get_args(Form), required=True, help="form of the file")
    parser.add_argument("--out", type=Path, required=True, help="file to write, ending in .onnx, .xml or .pt")
    parser.add_argument("--weights", default=SHIPPED, help="checkpoint of train_fusion.py (default: %(default)s)")
    precision = parser.add_mutually_exclusive_group()
    precision.add_argument("--half", action="store_true", help="16-bit weights; TorchScript also computes in bfloat16")
    precision.add_argument("--int8", action="store_true", help="8-bit convolutions, fast with OpenVINO; needs images")
    parser.add_argument(
        "--infrared", type=Path, help="for --int8: folder of infrared images similar to the later input"
    )
    parser.add_argument("--visible", type=Path, help="for --int8: folder of visible images with equal file names")
    add_reading_options(parser)
    arguments = parser.parse_args()
    chosen: ExportPrecision = "half" if arguments.half else "int8" if arguments.int8 else "float32"
    given = sum(folder is not None for folder in (arguments.infrared, arguments.visible))
    if given != (2 if arguments.int8 else 0):
        found = f"found {given} folders of images with {chosen}"
        raise InputError(f"--infrared, --visible: needed with --int8, and only there ({found})")
    reading = reading_options(arguments)
    if reading.registration and not given:
        raise InputError("--registration: needed with --int8, and only there (found no folders of images)")
    pairs = match_pairs(arguments.infrared, arguments.visible, *reading) if given else []
    made = export_fuser(arguments.fuser, arguments.to, arguments.out, chosen, arguments.weights, pairs)
    print(f"{made.path}: {arguments.fuser}, {chosen}, {_size(made.path) / 1000:.0f} kB")
    print("largest difference from the network by image size, in grey levels of 255, on synthetic images:")
    print("  " + ", ".join(f"{size}: {255 * difference:.3g}" for size, difference in made.differences.items()))
    print(f"next: {_NEXT[arguments.to].format(path=made.path)}")


def _size(path: Path) -> int:
    """Return the number of bytes of a model file, including weights that OpenVINO stores beside it."""
    return sum(file.stat().st_size for file in fuser_files("onnx", {"model": path}).values())
