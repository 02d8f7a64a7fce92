"""Metrics of brightness and linear agreement, from exact sums of grey levels and their products."""

from __future__ import annotations

from torch import Tensor

from fusion.metrics.triplet import Triplet

PEAK = 255.0


def standard_deviation(images: Triplet) -> Tensor:
    """Tell how far the fused grey levels spread (SD); population, (B,) in grey levels."""
    return images.covariances[:, 2, 2].double().sqrt() / _pixels(images)


def sample_deviation(images: Triplet) -> Tensor:
    """Give the standard deviation with divisor n - 1 (at least 2 pixels)."""
    n = _pixels(images)
    return (images.covariances[:, 2, 2].double() / (n * (n - 1))).sqrt()


def mean_squared_error(images: Triplet) -> Tensor:
    """Give the mean squared difference of the fused image to the sources, mean of both (MSE on 0..255)."""
    return images.squared_errors.mean(0)


def mean_squared_error_unit(images: Triplet) -> Tensor:
    """Give the mean squared error of images scaled to [0, 1] (the standard code's MSE)."""
    return mean_squared_error(images) / PEAK**2


def psnr_standard_code(images: Triplet) -> Tensor:
    """Give the standard code's PSNR: peak 255, yet the error of images in [0, 1], so 48.13 dB above the proper one."""
    return _decibel(PEAK**2 / mean_squared_error_unit(images))


def psnr(images: Triplet) -> Tensor:
    """Give the proper peak signal-to-noise ratio of the pooled error, in dB; infinite where all three are equal."""
    return _decibel(PEAK**2 / mean_squared_error(images))


def psnr_mean(images: Triplet) -> Tensor:
    """Give the mean of the two proper PSNRs, in dB."""
    return _decibel(PEAK**2 / images.squared_errors).mean(0)


def psnr_of_brightest(images: Triplet) -> Tensor:
    """Give CDDFuse's PSNR, whose peak is the brightest fused pixel."""
    return _decibel(images.fused.amax((1, 2)) ** 2 / mean_squared_error(images))


def psnr_vifb(images: Triplet) -> Tensor:
    """Give VIFB's PSNR, whose error is the root of the summed squares over the number of pixels."""
    return _decibel(PEAK**2 / rmse_vifb(images))


def rmse_vifb(images: Triplet) -> Tensor:
    """Give VIFB's RMSE: root of the summed squares over the number of pixels, mean of both sources."""
    return (images.squared_errors / _pixels(images)).sqrt().mean(0)


def correlation(images: Triplet) -> Tensor:
    """Give Pearson's correlation of the fused image with the sources, mean of both (CC); NaN for a constant image."""
    covariances = images.covariances.double()
    variances = covariances.diagonal(dim1=1, dim2=2)
    return (covariances[:, :2, 2] / (variances[:, :2] * variances[:, 2:]).sqrt()).mean(1)


def correlation_of_differences(images: Triplet) -> Tensor:
    """Sum the correlations of what the fusion added to one source with the other source (SCD).

    NaN where a source is constant or differs from the fused image by a constant.

    Source: Aslantas and Bendes, AEU 69 (2015).
    """
    return _added(images, other=1, source=0) + _added(images, other=0, source=1)


def _added(images: Triplet, other: int, source: int) -> Tensor:
    """Correlate fused - other with source."""
    c = images.covariances
    covariance = c[:, 2, source] - c[:, other, source]
    variance = c[:, 2, 2] + c[:, other, other] - 2 * c[:, 2, other]  # exact, so 0 where the difference is constant
    return covariance.double() / (variance.double() * c[:, source, source].double()).sqrt()


def _decibel(ratio: Tensor) -> Tensor:
    return 10 * ratio.log10()


def _pixels(images: Triplet) -> int:
    return images.height * images.width
