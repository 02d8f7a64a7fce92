"""Plain implementations of the metrics of the sources' edges in the fused image."""

from __future__ import annotations

import numpy as np

from tests.fusion.metrics.plain_filters import Pixels, Plane, sobel


def _strength_and_angle(image: Pixels) -> tuple[Plane, Plane]:
    down, along = sobel(np.pad(image.astype(np.float64), 1))
    upright = along == 0
    # The usual vertical kernel points up and convolution flips both kernels, hence one sign.
    angle = np.where(upright, np.pi / 2, np.arctan(-down / np.where(upright, 1, along)))
    return np.sqrt(down**2 + along**2), angle


def _preserved(source: Pixels, fused: Pixels, equal: str) -> tuple[Plane, Plane]:
    strength, angle = _strength_and_angle(source)
    fused_strength, fused_angle = _strength_and_angle(fused)
    low, high = np.minimum(strength, fused_strength), np.maximum(strength, fused_strength)
    ratio = low / np.where(high > 0, high, 1)
    at_equal = {"one": ratio, "strength": fused_strength, "strength_255": 255 * fused_strength}[equal]
    ratio = np.where(strength == fused_strength, at_equal, ratio)
    agreement = 1 - np.abs(angle - fused_angle) / (np.pi / 2)
    quality = 0.9994 / (1 + np.exp(-15 * (ratio - 0.5))) * 0.9879 / (1 + np.exp(-22 * (agreement - 0.8)))
    return quality, strength


def _qabf(infrared: Pixels, visible: Pixels, fused: Pixels, equal: str) -> float:
    quality_a, weight_a = _preserved(infrared, fused, equal)
    quality_b, weight_b = _preserved(visible, fused, equal)
    return float((quality_a * weight_a + quality_b * weight_b).sum() / (weight_a + weight_b).sum())


def qabf(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return _qabf(infrared, visible, fused, "strength")


def qabf_equal_is_1(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return _qabf(infrared, visible, fused, "one")


def qabf_vifb(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    """VIFB multiplies images of 0..255 by 255 again, which affects equal strengths only."""
    return _qabf(infrared, visible, fused, "strength_255")


def _kumar_edges(image: Pixels) -> tuple[Plane, Plane]:
    down, along = sobel(np.pad(image.astype(np.float64), 1, mode="reflect") / 8)
    # Vertical edges have +pi/2 or -pi/2, depending on the sign of a zero; the agreement below is the same for both.
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.where((down == 0) & (along == 0), 0, np.arctan(along / down))
    return np.sqrt(down**2 + along**2), angle


def nabf(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    strength, angle = _kumar_edges(fused)
    lost, weights, added = 0.0, 0.0, np.full(strength.shape, True)
    for source in (infrared, visible):
        added &= strength > _kumar_edges(source)[0]
    for source in (infrared, visible):
        source_strength, source_angle = _kumar_edges(source)
        low, high = np.minimum(strength, source_strength), np.maximum(strength, source_strength)
        ratio = low / np.where(high > 0, high, 1)
        agreement = np.abs(np.abs(source_angle - angle) - np.pi / 2) * 2 / np.pi
        kept = 0.9999 / (1 + np.exp(-19 * (ratio - 0.5))) * 0.9995 / (1 + np.exp(-22 * (agreement - 0.5)))
        weight = np.where(source_strength >= 2, source_strength**1.5, 0.001)
        lost += float((added * (1 - np.sqrt(kept)) * weight).sum())
        weights += float(weight.sum())
    return lost / weights


def nabf_as_called(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    """The driver passes the infrared image in place of the fused one."""
    return nabf(visible, fused, infrared)
