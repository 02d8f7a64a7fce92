"""Fusers with trained weights."""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from fusion.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from fusion.networks import Fusion

SHIPPED = "shipped"
LARGEST_WHOLE = 2**20  # pixels: the network takes about 1.2 kB for each, beside 0.6 GB of libraries; 2 GB is the aim
TILE_SIDE = 256  # with its halo 336, about 0.15 GB of features; 384 would compute a sixth less and hold twice as much


def weights_file(fuser: str, weights: str | Path) -> Path:
    """Give the file that holds the weights, for "shipped" the one that comes with the project for this fuser."""
    return Path(__file__).parent.parent / "weights" / f"{fuser}.safetensors" if weights == SHIPPED else Path(weights)


def start_file(start: str) -> Path:
    """Give the file of start weights: a path, or a fuser's name for those that come with the project.

    Raises:
        InputError: there is no such file.
    """
    for path in (weights_file(start, SHIPPED), Path(start)):
        if path.is_file():
            return path
    raise InputError(f"{start}: cannot be read (no such file); expected start weights, or the name of a learned fuser")


class ISFuseFuser:
    """The intervention-stable fusion network with trained weights.

    Args:
        weights: "shipped" for those that come with the project (`fusion/weights/isfuse.md` tells what they are), or a
            `.safetensors` file written by the trainer.
        device: "auto" takes the GPU where there is one.

    Raises:
        InputError: the file is not one of this network.
    """

    learned: ClassVar[bool] = True
    colour: ClassVar[bool] = True
    name: ClassVar[str] = "isfuse"

    def __init__(self, weights: str | Path = SHIPPED, device: str = "auto") -> None:
        import torch

        from fusion.devices import choose_device
        from fusion.networks import fold_batchnorm, load_network

        self._device = choose_device(device)
        network, self.facts = load_network(weights_file(self.name, weights))
        self._network = fold_batchnorm(network).to(self._device).to(memory_format=torch.channels_last)

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Run the network, on a large image tile by tile; the result comes back to where the infrared image is."""
        import torch
        from tqdm import tqdm

        from fusion.networks import fuse_in_tiles

        square = self._network.shrink
        with torch.no_grad():
            if infrared.shape[2] * infrared.shape[3] > LARGEST_WHOLE * square**2:
                watch = partial(tqdm, desc="tiles", unit="tile", leave=False, delay=10)
                return fuse_in_tiles(self._network, infrared, visible, TILE_SIDE * square, watch)
            return self._run(infrared, visible).fused.to(infrared.device)

    def gates(self, infrared: Tensor, visible: Tensor) -> list[Tensor]:
        """Tell where the network takes what the cameras say of each other (1) and where their own features (0).

        Args:
            infrared: (1, H, W) luma in [0, 1]; H, W >= 4.
            visible: likewise.

        Returns:
            The mean over the channels of each scale's gate, in [0, 1], finest first: (1, H, W), (1, H/2, W/2) and
            (1, H/4, W/4), rounded down; smaller yet where the network sees squares of pixels. A network without gates
            has them all 1.
        """
        import torch

        with torch.inference_mode():
            return [gate.mean(dim=1).to(infrared.device) for gate in self._run(infrared[None], visible[None]).gates]

    def inference_form(self) -> nn.Module:
        """Give the folded network as a module of its own on the CPU, for export: (infrared, visible) to fused luma."""
        import torch

        from fusion.networks import FusedOnly

        network = copy.deepcopy(self._network).cpu().to(memory_format=torch.contiguous_format)
        return FusedOnly(network).eval().requires_grad_(False)

    def _run(self, infrared: Tensor, visible: Tensor) -> Fusion:
        fusion: Fusion = self._network(infrared.to(self._device), visible.to(self._device))
        return fusion


class ISFuseLiteFuser(ISFuseFuser):
    """A small student of the network, for real time on processors.

    Args are those of its teacher; `fusion/weights/isfuse-lite.md` tells what its shipped weights are.
    """

    name: ClassVar[str] = "isfuse-lite"
