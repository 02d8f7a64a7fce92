"""What can go wrong with the images of a pair: one function per kind, which changes one or both of them.

Each takes infrared (1, H, W) and visible (1 or 3, H, W), float32 in [0, 1], a severity, of which 0 changes nothing, and
a CPU generator; it returns both, of the same shapes and range. An image that it does not change is returned as it is.
Importing this module does not import torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fusion.interventions import Masks, complementary_masks, random_masks

if TYPE_CHECKING:
    from torch import Generator, Tensor

_LEVELS = 255  # grey levels from black to white


def without_infrared(infrared: Tensor, visible: Tensor, severity: float, _: Generator) -> tuple[Tensor, Tensor]:
    """Darken infrared; severity 1 is black."""
    return infrared * (1 - severity), visible


def without_visible(infrared: Tensor, visible: Tensor, severity: float, _: Generator) -> tuple[Tensor, Tensor]:
    """Darken visible; severity 1 is black."""
    return infrared, visible * (1 - severity)


def complementary(infrared: Tensor, visible: Tensor, severity: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """Hide holes that differ between the two images; severity is the opacity of the holes.

    Raises:
        ValueError: a side is shorter than a hole.
    """
    _, height, width = infrared.shape
    return _hide(infrared, visible, severity, complementary_masks(1, height, width, generator))


def random(infrared: Tensor, visible: Tensor, severity: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """Hide the same holes in both images; severity is the opacity of the holes.

    Raises:
        ValueError: a side is shorter than a hole.
    """
    _, height, width = infrared.shape
    return _hide(infrared, visible, severity, random_masks(1, height, width, generator))


def infrared_noise(infrared: Tensor, visible: Tensor, severity: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """Add white noise; severity is its standard deviation in grey levels."""
    import torch

    noise = torch.randn(infrared.shape, generator=generator)
    return (infrared + noise * (severity / _LEVELS)).clamp(0, 1), visible


def infrared_stripes(infrared: Tensor, visible: Tensor, severity: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """Add an offset to every column, as an uncooled camera does whose columns are read out by different amplifiers.

    Severity is the standard deviation of the offsets in grey levels.
    """
    import torch

    offsets = torch.randn(infrared.shape[2], generator=generator)
    return (infrared + offsets * (severity / _LEVELS)).clamp(0, 1), visible


def infrared_shift(infrared: Tensor, visible: Tensor, severity: float, _: Generator) -> tuple[Tensor, Tensor]:
    """Move infrared to the right, as a camera does that was knocked; severity is in whole pixels.

    The leftmost column fills the gap.

    Raises:
        ValueError: the image is not wider than the shift.
    """
    pixels, width = int(severity), infrared.shape[2]
    if not pixels:
        return infrared, visible
    if pixels >= width:
        raise ValueError(f"image is too narrow for a shift (found a width of {width}, expected more than {pixels})")
    import torch

    return torch.cat([infrared[..., :1].expand(-1, -1, pixels), infrared[..., :-pixels]], dim=2), visible


def visible_low_light(
    infrared: Tensor, visible: Tensor, severity: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Darken visible as dusk does: a gamma of 1 + 2 severity, and shot noise of 255 / severity photons at white."""
    import torch

    if not severity:
        return infrared, visible
    photons = _LEVELS / severity
    counted = torch.poisson(visible ** (1 + 2 * severity) * photons, generator=generator)
    return infrared, (counted / photons).clamp(0, 1)


def visible_blur(infrared: Tensor, visible: Tensor, severity: float, _: Generator) -> tuple[Tensor, Tensor]:
    """Average visible down and interpolate it back; severity is how many times smaller it gets, from 1.

    Raises:
        ValueError: a side of the image is shorter than severity.
    """
    from torch.nn import functional as F

    if severity <= 1:
        return infrared, visible
    height, width = visible.shape[1:]
    if min(height, width) < severity:
        raise ValueError(
            f"image is too small for a blur (found {width}x{height}, expected sides of at least {severity:g})"
        )
    small = F.interpolate(visible[None], (round(height / severity), round(width / severity)), mode="area")
    return infrared, F.interpolate(small, (height, width), mode="bilinear", align_corners=False)[0].clamp(0, 1)


def _hide(infrared: Tensor, visible: Tensor, severity: float, masks: Masks) -> tuple[Tensor, Tensor]:
    return infrared * (1 - severity * (1 - masks.infrared[0])), visible * (1 - severity * (1 - masks.visible[0]))
