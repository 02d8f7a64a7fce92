"""Fusers with trained weights. Importing this module does not import torch; building a fuser does."""

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
LARGEST_WHOLE = 2**20  # pixels: 1.2 kB of memory each, plus 0.6 GB for the libraries; the limit is to stay below 2 GB
TILE_SIDE = 256  # 336 with its halo, 0.15 GB of features; 384 would save a sixth of the work and need twice the memory


def weights_file(fuser: str, weights: str | Path) -> Path:
    """Return the file of the weights, which for "shipped" is the one in the project for this fuser.

    Example:
        >>> weights_file("isfuse", "shipped").name, weights_file("isfuse", "mine.safetensors").name
        ('isfuse.safetensors', 'mine.safetensors')
    """
    return Path(__file__).parent.parent / "weights" / f"{fuser}.safetensors" if weights == SHIPPED else Path(weights)


def start_file(start: str) -> Path:
    """Return the file of start weights.

    Args:
        start: a file, or the name of a fuser for the weights shipped with it.

    Raises:
        InputError: the file does not exist.
    """
    for path in (weights_file(start, SHIPPED), Path(start)):
        if path.is_file():
            return path
    raise InputError(f"{start}: no such file (expected start weights, or the name of a fuser with shipped weights)")


class ISFuseFuser:
    """The intervention-stable fusion network with trained weights.

    Args:
        weights: "shipped" for the weights of the project, described in `fusion/weights/isfuse.md`, or a `.safetensors`
            checkpoint of the trainer.
        device: any name that torch accepts; "auto" selects the GPU if there is one.

    Raises:
        InputError: the file cannot be read or is not a checkpoint of this network, or the device is not available.
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

    @property
    def sees_colour(self) -> bool:
        """Whether the network has three planes: it then takes RGB and returns RGB."""
        return self._network.chroma is not None

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Fuse a batch of pairs.

        Args:
            infrared: (B, 1, H, W) float32 luma in [0, 1], H, W >= 4, on any device.
            visible: likewise; (B, 3, H, W) RGB for a network of three planes.

        Returns:
            (B, 1, H, W) float32 luma in [0, 1], on the device of `infrared`; (B, 3, H, W) RGB for a network of three
            planes.
        """
        from fusion.images import luma, with_chroma_of

        if self.sees_colour:
            planes = self._planes(infrared, luma(visible))
            return with_chroma_of(planes[:, :1], visible, planes[:, 1:])
        return self._planes(infrared, visible)

    def _planes(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Run the network; images above `LARGEST_WHOLE` pixels are fused tile by tile."""
        import torch
        from tqdm import tqdm

        from fusion.networks import fuse_in_tiles

        factor = self._network.downsample_factor
        with torch.no_grad():
            if infrared.shape[2] * infrared.shape[3] > LARGEST_WHOLE * factor**2:
                watch = partial(tqdm, desc="tiles", unit="tile", leave=False, delay=10)
                return fuse_in_tiles(self._network, infrared, visible, TILE_SIDE * factor, watch)
            return self._run(infrared, visible).planes.to(infrared.device)

    def gates(self, infrared: Tensor, visible: Tensor) -> list[Tensor]:
        """Compute the gates of one pair: 1 where a scale uses cross-modal features, 0 where it uses its own.

        Args:
            infrared: (1, H, W) float32 luma in [0, 1], H, W >= 4.
            visible: likewise.

        Returns:
            The mean over channels of the gate of each scale, in [0, 1], finest first: (1, H, W), (1, H/2, W/2) and
            (1, H/4, W/4), rounded down, divided further by the downsample factor of the network. All ones for a
            network without gates.
        """
        import torch

        with torch.inference_mode():
            return [gate.mean(dim=1).to(infrared.device) for gate in self._run(infrared[None], visible[None]).gates]

    def inference_form(self) -> nn.Module:
        """Return a copy of the folded network for export, on the CPU.

        Returns:
            A module in eval mode without gradients that maps (infrared, visible), each (B, 1, H, W) luma in [0, 1],
            to the fused luma (B, 1, H, W).

        Raises:
            InputError: the network has three planes.
        """
        import torch

        from fusion.networks import FusedOnly

        if self.sees_colour:
            raise InputError("network.planes=3: cannot be exported (expected network.planes=1, which gives luma)")
        network = copy.deepcopy(self._network).cpu().to(memory_format=torch.contiguous_format)
        return FusedOnly(network).eval().requires_grad_(False)

    def _run(self, infrared: Tensor, visible: Tensor) -> Fusion:
        fusion: Fusion = self._network(infrared.to(self._device), visible.to(self._device))
        return fusion


class ISFuseLiteFuser(ISFuseFuser):
    """A small student of `ISFuseFuser` for real-time fusion on CPUs.

    The arguments are those of `ISFuseFuser`; the shipped weights are described in `fusion/weights/isfuse-lite.md`.
    """

    name: ClassVar[str] = "isfuse-lite"
