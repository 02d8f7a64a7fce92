"""The metric of phase congruency: whether features that any phase of contrast shows are still there."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.metrics.filters import filter_valid, gaussian
from fusion.metrics.triplet import Triplet

_SCALES, _ANGLES = 4, 6
_WAVELENGTH, _RATIO, _BANDWIDTH = 3.0, 2.1, 0.55  # of the finest filter in pixels; from scale to scale; of each filter
_ANGULAR_SIGMA = math.pi / _ANGLES / 1.2
_CUTOFF, _SHARPNESS = 0.45, 30  # of the low-pass that removes the corners of the spectrum
_EPSILON = 1e-4
_IS_FEATURE = 0.1  # least phase congruency
_SIDE = 11  # of the Gaussian window


class _Features(NamedTuple):
    """Phase congruency, its largest and its smallest moment, each (3, B, H, W)."""

    congruency: Tensor
    largest: Tensor
    smallest: Tensor


def phase_congruency(images: Triplet) -> Tensor:
    """Correlate the phase congruency of the fused image, and its moments, with those of the sources (Qp).

    At every feature of a source, the best of the correlations with infrared, visible and the stronger of both counts.
    Equal images do not reach 1, since only the sources are cut to their features.

    Returns:
        (B,) float64, at most 1; NaN if an image has a single level, or if no source has a feature.

    Source: Zhao, Laganiere and Liu, IJICIC 3 (2007), as in the code of Liu et al., TPAMI 34 (2012), with Kovesi's phase
    congruency as it stood then.
    """
    features = _features(images.planes.double())
    infrared, visible = features.congruency[0], features.congruency[1]
    masks = torch.stack([infrared > _IS_FEATURE, visible > _IS_FEATURE])
    masks = torch.cat([masks, masks.any(0, keepdim=True)])  # (3, B, H, W): of each source, of both
    product = torch.ones((), dtype=torch.float64, device=masks.device)
    for feature in features:
        stronger = torch.where(infrared > visible, feature[0], feature[1])
        references = torch.stack([feature[0], feature[1], stronger])
        best = _correlation(references * masks, feature[2]).where(masks, 0).amax(0)
        product = product * best.sum((1, 2)) / masks[2].sum((1, 2))
    return product


def _correlation(references: Tensor, fused: Tensor) -> Tensor:
    """Correlate (3, B, H, W) with (B, H, W) in Gaussian windows, with zeros around the images; (3, B, H, W)."""
    window = gaussian(_SIDE, 1.5)

    def mean(planes: Tensor) -> Tensor:
        return filter_valid(F.pad(planes, (_SIDE // 2,) * 4), window)

    of_references, of_fused = mean(references), mean(fused)
    covariance = mean(references * fused) - of_references * of_fused
    variances = (mean(references**2) - of_references**2) * (mean(fused**2) - of_fused**2)
    return (covariance + _EPSILON) / (variances.abs().sqrt() + _EPSILON)


def _features(planes: Tensor) -> _Features:
    """Compute the features of (3, B, H, W) float64 grey levels."""
    spectrum = torch.fft.fft2(planes)
    radial, theta = _radial_filters(planes)
    energies = amplitudes = squares_x = squares_y = products = torch.zeros_like(planes)
    for number in range(_ANGLES):
        angle = number * math.pi / _ANGLES
        distance = torch.atan2(torch.sin(theta - angle), torch.cos(theta - angle))
        filters = radial * torch.exp(-(distance**2) / (2 * _ANGULAR_SIGMA**2))  # (scales, H, W)
        energy, amplitude = _energy(spectrum, filters)
        energies, amplitudes = energies + energy, amplitudes + amplitude
        share = energy / amplitude
        along_x, along_y = share * math.cos(angle), share * math.sin(angle)
        squares_x, squares_y = squares_x + along_x**2, squares_y + along_y**2
        products = products + along_x * along_y
    a, b, c = squares_x / (_ANGLES / 2), products / _ANGLES, squares_y / (_ANGLES / 2)
    spread = torch.sqrt(b**2 + (a - c) ** 2) + _EPSILON
    return _Features(energies / (amplitudes + _EPSILON), (a + c + spread) / 2, (a + c - spread) / 2)


def _energy(spectrum: Tensor, filters: Tensor) -> tuple[Tensor, Tensor]:
    """Return the energy along one angle, without noise, and the sum of the amplitudes of all scales."""
    responses = [torch.fft.ifft2(spectrum * one) for one in filters]
    magnitudes = [response.abs() for response in responses]
    total = torch.stack(responses).sum(0)
    mean_phase = (total / (total.abs() + _EPSILON)).conj()
    energy, amplitude, highest = (torch.zeros_like(magnitudes[0]) for _ in range(3))
    for response, magnitude in zip(responses, magnitudes, strict=True):
        turned = response * mean_phase
        energy += turned.real - turned.imag.abs()
        amplitude += magnitude
        highest = torch.maximum(highest, magnitude)
    energy = (energy - _noise(magnitudes[0], filters)).clamp(min=0)
    spread = amplitude / (highest + _EPSILON) / _SCALES
    return energy / (1 + torch.exp(10 * (0.5 - spread))), amplitude


def _noise(finest: Tensor, filters: Tensor) -> Tensor:
    """Estimate the energy that noise reaches, from the median response at the finest scale; (3, B, 1, 1)."""
    pixels = finest[0, 0].numel()
    flat = (finest**2).flatten(2)
    middle = [flat.kthvalue(position, dim=2).values for position in ((pixels + 1) // 2, pixels // 2 + 1)]
    power = (middle[0] + middle[1]) / 2 / math.log(2) / (filters[0] ** 2).sum()
    kernels = torch.fft.ifft2(filters).real * math.sqrt(pixels)
    overlap = (kernels.sum(0) ** 2).sum()  # squares of all, and twice the products of each two
    tau = torch.sqrt(power * overlap)
    return (tau * (math.sqrt(math.pi / 2) + 2 * math.sqrt(2 - math.pi / 2)) / 1.7)[..., None, None]


def _radial_filters(planes: Tensor) -> tuple[Tensor, Tensor]:
    """Build the log-Gabor filters of all scales without their angle, (scales, H, W), and the angles, (H, W)."""
    sides = planes.shape[-2:]
    index = [torch.arange(side, dtype=torch.float64, device=planes.device) - side // 2 for side in sides]
    rows, columns = (k / (side - side % 2) if side > 1 else k for k, side in zip(index, sides, strict=True))
    radius, theta = torch.hypot(rows.unsqueeze(1), columns), torch.atan2(-rows.unsqueeze(1), columns)
    radius[sides[0] // 2, sides[1] // 2] = 1  # its logarithm would be infinite; the filter is 0 there
    radius, theta = torch.fft.ifftshift(radius), torch.fft.ifftshift(theta)
    exact_rows, exact_columns = (k / side for k, side in zip(index, sides, strict=True))
    exact = torch.hypot(exact_rows.unsqueeze(1), exact_columns)
    low_pass = torch.fft.fftshift(1 / (1 + (exact / _CUTOFF) ** _SHARPNESS))  # the code's shift: one off if odd
    waves = [_WAVELENGTH * _RATIO**scale for scale in range(_SCALES)]
    bands = [torch.exp(-(torch.log(radius * wave) ** 2) / (2 * math.log(_BANDWIDTH) ** 2)) for wave in waves]
    filters = torch.stack(bands) * low_pass
    filters[:, 0, 0] = 0
    return filters, theta
