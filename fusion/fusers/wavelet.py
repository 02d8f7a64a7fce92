"""Fusion in the wavelet domain (DWT): the stronger coefficient is selected, subject to a consistency check."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np
import pywt

from fusion.errors import InputError, unknown_name
from fusion.fusers.per_image import Plane, fuse_each

if TYPE_CHECKING:
    from torch import Tensor


class Wavelet:
    """Wavelet transform (DWT): stronger coefficients in the detail bands, and the mean of the approximation bands.

    Detail coefficients are selected by `choose_stronger`.

    Args:
        wavelet: a discrete wavelet of PyWavelets, such as "haar" or "sym4".
        levels: number of scales; small images get fewer, the smallest ones none, which yields the mean of both.

    Raises:
        InputError: the wavelet is unknown, or `levels` is below 1.

    Source: Li, Manjunath and Mitra, Graphical Models and Image Processing 57 (1995). The paper selects in the
        approximation band too; the mean, common since then, avoids seams between cameras of different brightness.
    """

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True

    def __init__(self, wavelet: str = "db2", levels: int = 4) -> None:
        if wavelet not in pywt.wavelist(kind="discrete"):
            raise unknown_name("wavelet", str(wavelet), pywt.wavelist(kind="discrete"))
        if levels < 1:
            raise InputError(f"fuser 'wavelet': levels={levels} out of range (expected at least 1)")
        self._wavelet, self._levels = wavelet, levels

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Decompose, select and reconstruct the pairs of a batch.

        Args:
            infrared: (B, 1, H, W) luma in [0, 1], on any device.
            visible: likewise.

        Returns:
            (B, 1, H, W) in the type and on the device of `infrared`, clamped to [0, 1].
        """
        return fuse_each(infrared, visible, self._fuse)

    def _fuse(self, infrared: Plane, visible: Plane) -> Plane:
        levels = min(self._levels, pywt.dwtn_max_level(infrared.shape, self._wavelet))
        coarse_infrared, *of_infrared = pywt.wavedec2(infrared, self._wavelet, level=levels)
        coarse_visible, *of_visible = pywt.wavedec2(visible, self._wavelet, level=levels)
        details = [
            tuple(choose_stronger(*bands) for bands in zip(*scales, strict=True))  # horizontal, vertical, diagonal
            for scales in zip(of_infrared, of_visible, strict=True)
        ]
        fused: Plane = pywt.waverec2([(coarse_infrared + coarse_visible) / 2, *details], self._wavelet)
        return fused[: infrared.shape[0], : infrared.shape[1]]  # the inverse transform pads odd sides by one pixel


def choose_stronger(infrared: Plane, visible: Plane) -> Plane:
    """Select the coefficients of one detail band.

    The strength of a coefficient is the largest magnitude in its 3x3 window. Consistency check: a selection that
    differs from the majority of its 3x3 window is reversed.

    Args:
        infrared: (H, W) coefficients.
        visible: likewise.

    Returns:
        (H, W): at each position the coefficient of infrared or of visible.
    """
    window = np.ones((3, 3), np.uint8)
    stronger = cv2.dilate(np.abs(infrared), window) > cv2.dilate(np.abs(visible), window)
    agreed = cv2.blur(stronger.astype(np.float64), (3, 3)) > 0.5
    return np.where(agreed, infrared, visible)
