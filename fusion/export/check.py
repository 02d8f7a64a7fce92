"""Compare the images of an exported file with those of the network it was made from."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fusion.engines import open_model

SIZES = ((4, 4), (4, 9), (9, 4), (5, 7), (8, 8), (13, 31), (37, 53), (61, 5), (6, 201), (64, 48))  # height, width
_BATCH = 2

Fuse = Callable[[Tensor, Tensor], Tensor]


def largest_differences(path: Path, network: nn.Module) -> dict[str, float]:
    """Measure how far an exported file is from its network, on smooth random images of ten sizes.

    Args:
        path: an exported file; `.xml` is run with OpenVINO, `.onnx` with onnxruntime, `.pt` with torch.
        network: maps (infrared, visible), each (B, 1, H, W) luma in [0, 1], to fused luma.

    Returns:
        The largest absolute difference of any pixel, for images in [0, 1], by size ("width x height").
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
        warnings.simplefilter("ignore", FutureWarning)  # the deprecation of TorchScript
        loaded: Fuse = torch.jit.load(path)  # type: ignore[no-untyped-call]
    return loaded


def _smooth(height: int, width: int) -> list[Tensor]:
    """Make a batch of infrared and one of visible images that vary over a few pixels, as natural scenes do."""
    generator = torch.Generator().manual_seed(height * width)
    coarse = torch.rand(2 * _BATCH, 1, height // 4 + 2, width // 4 + 2, generator=generator)
    return list(F.interpolate(coarse, (height, width), mode="bilinear").chunk(2))
