"""Metrics of contrast, error and correlation, from exact sums of grey levels and their products."""

from __future__ import annotations

from torch import Tensor

from fusion.metrics.triplet import Triplet

PEAK = 255.0


def standard_deviation(images: Triplet) -> Tensor:
    """Compute the population standard deviation of the fused grey levels (SD); (B,) in grey levels."""
    return images.covariances[:, 2, 2].double().sqrt() / _pixels(images)


def sample_deviation(images: Triplet) -> Tensor:
    """Compute the standard deviation with divisor n - 1, for at least 2 pixels; (B,) in grey levels."""
    n = _pixels(images)
    return (images.covariances[:, 2, 2].double() / (n * (n - 1))).sqrt()


def mean_squared_error(images: Triplet) -> Tensor:
    """Compute the mean squared error of the fused image to the sources, mean of both; (B,) in grey levels squared."""
    return images.squared_errors.mean(0)


def mean_squared_error_unit(images: Triplet) -> Tensor:
    """Compute the mean squared error of images scaled to [0, 1], the standard code's MSE; (B,)."""
    return mean_squared_error(images) / PEAK**2


def psnr_standard_code(images: Triplet) -> Tensor:
    """Compute the standard code's PSNR: peak 255 over the error of images in [0, 1], 48.13 dB too high; (B,) in dB."""
    return _decibel(PEAK**2 / mean_squared_error_unit(images))


def psnr(images: Triplet) -> Tensor:
    """Compute the PSNR of the mean of both errors; (B,) in dB, infinite if all three images are equal."""
    return _decibel(PEAK**2 / mean_squared_error(images))


def psnr_mean(images: Triplet) -> Tensor:
    """Compute the mean of the PSNRs of both errors; (B,) in dB, infinite if a source equals the fused image."""
    return _decibel(PEAK**2 / images.squared_errors).mean(0)


def psnr_of_brightest(images: Triplet) -> Tensor:
    """Compute CDDFuse's PSNR, whose peak is the brightest fused pixel; (B,) in dB."""
    return _decibel(images.fused.amax((1, 2)) ** 2 / mean_squared_error(images))


def psnr_vifb(images: Triplet) -> Tensor:
    """Compute VIFB's PSNR, which uses `rmse_vifb` as the error.

    Returns:
        (B,) float64 in dB: 10 log10(255^2 / RMSE), infinite if all three images are equal.

    Source: VIFB (Zhang, Ye and Xiao, CVPR Workshops 2020), the authors' evaluation code.
    """
    return _decibel(PEAK**2 / rmse_vifb(images))


def rmse_vifb(images: Triplet) -> Tensor:
    """Compute VIFB's RMSE, which takes the root before it divides by the number of pixels.

    Returns:
        (B,) float64: sqrt(sum of squared differences) / HW, mean of both sources.

    Source: VIFB (Zhang, Ye and Xiao, CVPR Workshops 2020), the authors' evaluation code.
    """
    return (images.squared_errors / _pixels(images)).sqrt().mean(0)


def correlation(images: Triplet) -> Tensor:
    """Compute Pearson's correlation of the fused image with each source, mean of both (CC); NaN if one is constant."""
    covariances = images.covariances.double()
    variances = covariances.diagonal(dim1=1, dim2=2)
    return (covariances[:, :2, 2] / (variances[:, :2] * variances[:, 2:]).sqrt()).mean(1)


def correlation_of_differences(images: Triplet) -> Tensor:
    """Compute the sum of correlations of differences, corr(F - B, A) + corr(F - A, B) (SCD).

    Returns:
        (B,) float64 in [-2, 2]; NaN if a source is constant or differs from the fused image by a constant.

    Source: Aslantas and Bendes, AEU 69 (2015).
    """
    return _added(images, other=1, source=0) + _added(images, other=0, source=1)


def _added(images: Triplet, other: int, source: int) -> Tensor:
    """Correlate fused - other with source; (B,)."""
    c = images.covariances
    covariance = c[:, 2, source] - c[:, other, source]
    variance = c[:, 2, 2] + c[:, other, other] - 2 * c[:, 2, other]  # exact, so 0 where the difference is constant
    return covariance.double() / (variance.double() * c[:, source, source].double()).sqrt()


def _decibel(ratio: Tensor) -> Tensor:
    return 10 * ratio.log10()


def _pixels(images: Triplet) -> int:
    return images.height * images.width
