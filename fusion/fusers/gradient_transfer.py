"""Fusion by gradient transfer (GTF): infrared intensities with the edges of the visible image."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.fft import dctn, idctn

from fusion.errors import InputError
from fusion.fusers.per_image import Plane, fuse_each

if TYPE_CHECKING:
    from torch import Tensor

_INTENSITY_PENALTY, _GRADIENT_PENALTY = 10.0, 160.0  # of the splitting: they change how fast it gets there, not where
Field = npt.NDArray[np.float32]


class GradientTransfer:
    """Gradient transfer (GTF): the image closest to infrared in intensity and to visible in gradient.

    It minimises sum |x - infrared| + weight * sum |grad(x - visible)|, gradients as vectors, by a fixed number of
    ADMM steps (split Bregman; each solves a Poisson equation by a cosine transform, nothing flows over the border).
    An object that infrared alone shows survives if its area exceeds `weight` times its outline: with 4, a disc of a
    radius above 8 pixels.

    Args:
        weight: how much gradients count, the paper's lambda.
        steps: of ADMM; 120 leave 99 of 100 pixels of TNO images within a grey level of the minimum.

    Raises:
        InputError: a weight of 0 or less, or no step.

    Source: Ma, Chen, Li and Huang, Information Fusion 31 (2016), eq. 8, which the authors solve by reweighting.
    """

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True

    def __init__(self, weight: float = 4.0, steps: int = 120) -> None:
        if weight <= 0 or steps < 1:
            raise InputError(f"gradient_transfer weight={weight}, steps={steps}; expected above 0 and at least 1")
        self._weight, self._steps = weight, steps

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Minimise, clamp to [0, 1]."""
        return fuse_each(infrared, visible, self._fuse)

    def _fuse(self, infrared: Plane, visible: Plane) -> Plane:
        """Search y = x - visible, which is to be close to infrared - visible and to have few edges."""
        wanted = (infrared - visible).astype(np.float32)
        inverse = 1 / (_INTENSITY_PENALTY + _GRADIENT_PENALTY * _laplacian_spectrum(*wanted.shape))
        y = wanted
        off, vertical, horizontal = np.zeros_like(y), *_gradient(y)  # y - wanted, and its gradient
        dual_off, dual_vertical, dual_horizontal = (np.zeros_like(part) for part in (off, vertical, horizontal))
        for _ in range(self._steps):
            right = _INTENSITY_PENALTY * (wanted + off - dual_off)
            right -= _GRADIENT_PENALTY * _divergence(vertical - dual_vertical, horizontal - dual_horizontal)
            y = idctn(dctn(right, norm="ortho") * inverse, norm="ortho", overwrite_x=True)
            dual_off += y - wanted
            off = _shrink(dual_off, 1 / _INTENSITY_PENALTY)
            dual_off -= off
            down, across = _gradient(y)
            dual_vertical += down
            dual_horizontal += across
            length = np.sqrt(dual_vertical**2 + dual_horizontal**2)
            kept = np.maximum(1 - self._weight / _GRADIENT_PENALTY / np.maximum(length, 1e-12), 0)
            vertical, horizontal = dual_vertical * kept, dual_horizontal * kept
            dual_vertical -= vertical
            dual_horizontal -= horizontal
        return visible + y


def _gradient(image: Field) -> tuple[Field, Field]:
    """Give forward differences along both axes, 0 behind the last row and column."""
    vertical, horizontal = np.zeros_like(image), np.zeros_like(image)
    np.subtract(image[1:], image[:-1], out=vertical[:-1])
    np.subtract(image[:, 1:], image[:, :-1], out=horizontal[:, :-1])
    return vertical, horizontal


def _divergence(vertical: Field, horizontal: Field) -> Field:
    """Give the divergence, the negative transpose of `_gradient`; both fields are 0 behind the last row and column."""
    divergence = vertical + horizontal
    divergence[1:] -= vertical[:-1]
    divergence[:, 1:] -= horizontal[:, :-1]
    return divergence


def _laplacian_spectrum(height: int, width: int) -> Field:
    """Give the eigenvalues of the negative divergence of the gradient, in the order of the cosine transform."""
    rows, columns = (2 - 2 * np.cos(np.pi * np.arange(count) / count) for count in (height, width))
    spectrum: Field = (rows[:, None] + columns).astype(np.float32)
    return spectrum


def _shrink(values: Field, threshold: float) -> Field:
    return values - np.clip(values, -threshold, threshold)
