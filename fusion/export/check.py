"""How far the images of an exported file are from those of the network that it was made of."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fusion.fusers import open_model

SIZES = ((4, 4), (4, 9), (9, 4), (5, 7), (8, 8), (13, 31), (37, 53), (61, 5), (6, 201), (64, 48))  # height, width
_BATCH = 2

Fuse = Callable[[Tensor, Tensor], Tensor]


def largest_differences(path: Path, network: nn.Module) -> dict[str, float]:
    """Map sizes as "width x height" to the largest difference of a pixel, of images in [0, 1], on made smooth images.

    Args:
        path: an exported file, which its own engine runs: `.xml` OpenVINO, `.onnx` onnxruntime, else torch.
        network: maps infrared and visible to fused luma.
    """
    fuse = _torchscript(path) if path.suffix not in (".onnx", ".xml") else _session(path)
    found = {}
    for height, width in SIZES:
        infrared, visible = _smooth(height, width)
        with torch.no_grad():
            found[f"{width}x{height}"] = float((fuse(infrared, visible) - network(infrared, visible)).abs().max())
    return found


def _session(path: Path) -> Fuse:
    session = open_model(path, "openvino" if path.suffix == ".xml" else "onnxruntime")

    def fuse(infrared: Tensor, visible: Tensor) -> Tensor:
        return torch.from_numpy(session.run({"infrared": infrared.numpy(), "visible": visible.numpy()}))

    return fuse


def _torchscript(path: Path) -> Fuse:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # TorchScript is said to be of old, and asked for
        loaded: Fuse = torch.jit.load(path)  # type: ignore[no-untyped-call]
    return loaded


def _smooth(height: int, width: int) -> list[Tensor]:
    """Make a batch of infrared and one of visible images that change every few pixels, as scenes do."""
    generator = torch.Generator().manual_seed(height * width)
    coarse = torch.rand(2 * _BATCH, 1, height // 4 + 2, width // 4 + 2, generator=generator)
    return list(F.interpolate(coarse, (height, width), mode="bilinear").chunk(2))
