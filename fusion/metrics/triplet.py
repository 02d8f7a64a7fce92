"""The three images that every metric takes, checked once, with cached statistics that several metrics share."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from fusion.metrics.filters import gaussian
from fusion.metrics.metric import MOST_PIXELS
from fusion.metrics.structure import structural_similarity

LEVELS = 256


class Triplet:
    """Infrared, visible and fused luma of one batch, as whole grey levels.

    Args:
        infrared: (B, 1, H, W) uint8, or floats without fraction in 0..255.
        visible: likewise.
        fused: likewise.

    Attributes:
        batch: number of triplets B.
        height: of the images.
        width: of the images.
        planes: (3, B, H, W) float32: infrared, visible, fused.
        fused: (B, H, W) float32.

    Raises:
        ValueError: the shapes differ or are not (B, 1, H, W), a value is outside 0..255 or not whole, or an image has
            more than 11 million pixels.
    """

    def __init__(self, infrared: Tensor, visible: Tensor, fused: Tensor) -> None:
        shapes = [tuple(image.shape) for image in (infrared, visible, fused)]
        if len(set(shapes)) > 1 or len(shapes[0]) != 4 or shapes[0][1] != 1:
            raise ValueError(f"shapes of infrared, visible, fused are {shapes} (expected three equal (B, 1, H, W))")
        self.batch, _, self.height, self.width = shapes[0]
        if not 0 < self.height * self.width <= MOST_PIXELS:
            raise ValueError(f"images have {self.width}x{self.height} pixels (expected 1 to {MOST_PIXELS})")
        levels = torch.stack([_grey_levels(image) for image in (infrared, visible, fused)]).squeeze(2)
        # (3, B, H, W); in float32, levels, their differences and the squares of these are exact
        self.planes = levels.float()
        self.fused = self.planes[2]

    @cached_property
    def joint_counts(self) -> Tensor:
        """Joint histograms of source level and fused level, (2, B, 256, 256) float64, infrared first."""
        levels = self.planes.flatten(2).int()  # (3, B, H*W)
        cell = torch.arange(2 * self.batch, dtype=torch.int, device=levels.device).view(2, self.batch, 1)
        index = (cell * LEVELS + levels[:2]) * LEVELS + levels[2]
        counts = torch.bincount(index.flatten(), minlength=2 * self.batch * LEVELS**2)
        return counts.view(2, self.batch, LEVELS, LEVELS).double()

    @cached_property
    def _first_and_second_sums(self) -> tuple[Tensor, Tensor]:
        """Sums of the levels of each image, (B, 3), and of the products of each two, (B, 3, 3); exact int64."""
        pixels = self.planes.double().flatten(2).transpose(0, 1)  # (B, 3, H*W)
        return pixels.sum(2).long(), (pixels @ pixels.mT).long()  # float64 sums of whole numbers below 2^53 are exact

    @cached_property
    def covariances(self) -> Tensor:
        """n^2 times the population covariance of each two images, (B, 3, 3) exact int64; fused is the last."""
        sums, products = self._first_and_second_sums
        return self.height * self.width * products - sums.unsqueeze(1) * sums.unsqueeze(2)

    @cached_property
    def squared_errors(self) -> Tensor:
        """Mean squared error of the fused image to each source, (2, B) float64, infrared first."""
        _, products = self._first_and_second_sums
        squares = products.diagonal(dim1=1, dim2=2)  # (B, 3)
        return (squares[:, :2] + squares[:, 2:] - 2 * products[:, :2, 2]).T.double() / (self.height * self.width)

    @cached_property
    def gaussian_similarity(self) -> tuple[Tensor, Tensor]:
        """SSIM and its contrast term for the 11x11 Gaussian window and range 255, each (2, B), infrared first."""
        return structural_similarity(self.planes, gaussian(11, 1.5), 255.0)


def _grey_levels(image: Tensor) -> Tensor:
    if image.dtype == torch.uint8:
        return image
    low, high = image.min().item(), image.max().item()
    if not (low >= 0 and high <= 255 and bool((image == image.round()).all())):
        raise ValueError(f"values are {low:g}..{high:g} (expected whole grey levels 0..255: round first)")
    return image.byte()
