"""Qcb, Qcv and Qp in NumPy and SciPy, written from their formulas, one image after the other."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import correlate
from scipy.signal import fftconvolve

from tests.fusion.metrics.plain_filters import Pixels, Plane, gaussian


def stretched(image: Pixels) -> Plane:
    if image.max() == 0:
        return image.astype(float)
    share = (image.astype(float) - image.min()) / np.float64(int(image.max()) - int(image.min()))
    doubled = np.round(share * 255 * 510) / 510  # exact multiples of a level, up to the rounding of the division
    return np.asarray(np.floor(doubled + 0.5 + 1e-9))


def seen(image: Plane, sensitivity: Plane) -> Plane:
    return np.asarray(np.fft.ifft2(np.fft.fft2(image) * sensitivity).real)


def frequencies(shape: tuple[int, int]) -> Plane:
    rows, columns = (np.fft.fftfreq(side) * side for side in shape)
    return np.asarray(np.sqrt(rows[:, None] ** 2 + columns[None] ** 2))


def qcb(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    radius = frequencies(infrared.shape) / 15
    sensitivity = np.exp(-((radius / 15.387) ** 2)) - 0.7622 * np.exp(-((radius / 1.3456) ** 2))
    y, x = np.mgrid[-15:16, -15:16]

    def contrast(image: Pixels) -> Plane:
        levels = seen(stretched(image), sensitivity)
        windows = [np.exp(-(x**2 + y**2) / (2 * s**2)) / (2 * np.pi * s**2) for s in (2, 4)]
        narrow, wide = (correlate(levels, window, mode="constant") for window in windows)
        ratio = np.abs(narrow / wide - 1)
        return np.asarray(ratio**3 / (ratio**2 + 1e-4))

    a, b, f = map(contrast, (infrared, visible, fused))
    weight = a**2 / (a**2 + b**2)
    of_a, of_b = (np.minimum(one, f) / np.maximum(one, f) for one in (a, b))
    return float((weight * of_a + (1 - weight) * of_b).mean())


def qcv(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    radius = frequencies(infrared.shape) / 4
    sensitivity = 2.6 * (0.0192 + 0.144 * radius) * np.exp(-((0.144 * radius) ** 1.1))
    kernel = np.outer([1, 2, 1], [-1, 0, 1])
    total, weights = 0.0, 0.0
    for source in (infrared, visible):
        levels = stretched(source)
        difference = seen(levels - stretched(fused), sensitivity)
        along, down = (correlate(levels, one.astype(float), mode="constant") for one in (kernel, kernel.T))
        strength = np.sqrt(along**2 + down**2) ** 5
        for top in range(0, levels.shape[0], 16):
            for left in range(0, levels.shape[1], 16):
                block = np.s_[top : top + 16, left : left + 16]
                weight = strength[block].sum()
                total += weight * (difference[block] ** 2).sum() / 256
                weights += weight
    return float(total / weights)


def phase_features(image: Pixels) -> tuple[Plane, Plane, Plane]:
    height, width = image.shape
    spectrum = np.fft.fft2(image.astype(float))
    k_rows, k_columns = np.arange(height) - height // 2, np.arange(width) - width // 2
    x, y = np.meshgrid(k_columns / (width - width % 2), k_rows / (height - height % 2))
    rho, theta = np.hypot(x, y), np.arctan2(-y, x)
    rho[height // 2, width // 2] = 1
    rho, theta = np.fft.ifftshift(rho), np.fft.ifftshift(theta)
    exact = np.hypot(*np.meshgrid(k_columns / width, k_rows / height))
    low_pass = np.fft.fftshift(1 / (1 + (exact / 0.45) ** 30))
    energies, amplitudes = np.zeros(image.shape), np.zeros(image.shape)
    a, b, c = (np.zeros(image.shape) for _ in range(3))
    for angle in np.arange(6) * np.pi / 6:
        turn = np.abs(np.angle(np.exp(1j * (theta - angle))))
        spread = np.exp(-(turn**2) / (2 * (np.pi / 6 / 1.2) ** 2))
        filters = []
        for scale in range(4):
            band = np.exp(-(np.log(rho * 3 * 2.1**scale) ** 2) / (2 * np.log(0.55) ** 2)) * low_pass
            band[0, 0] = 0
            filters.append(band * spread)
        responses = [np.fft.ifft2(spectrum * one) for one in filters]
        total = sum(responses)
        unit = total / (np.abs(total) + 1e-4)
        energy = sum(np.real(one * unit.conj()) - np.abs(np.imag(one * unit.conj())) for one in responses)
        magnitudes = np.abs(responses)
        kernels = [np.real(np.fft.ifft2(one)) * np.sqrt(height * width) for one in filters]
        squares = sum((one**2).sum() for one in kernels)
        mixed = sum((kernels[i] * kernels[j]).sum() for j in range(4) for i in range(j))
        power = np.median(magnitudes[0] ** 2) / np.log(2) / (filters[0] ** 2).sum()
        tau = np.sqrt(power * (squares + 2 * mixed))
        energy = np.maximum(energy - tau * (np.sqrt(np.pi / 2) + 2 * np.sqrt(2 - np.pi / 2)) / 1.7, 0)
        amplitude = magnitudes.sum(0)
        energy = energy / (1 + np.exp(10 * (0.5 - amplitude / (magnitudes.max(0) + 1e-4) / 4)))
        energies, amplitudes = energies + energy, amplitudes + amplitude
        share = energy / amplitude
        a += (share * np.cos(angle)) ** 2 / 3
        c += (share * np.sin(angle)) ** 2 / 3
        b += share**2 * np.sin(angle) * np.cos(angle) / 6
    root = np.sqrt(b**2 + (a - c) ** 2) + 1e-4
    return energies / (amplitudes + 1e-4), (a + c + root) / 2, (a + c - root) / 2


def qp(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    of_a, of_b, of_f = map(phase_features, (infrared, visible, fused))
    mask_a, mask_b = of_a[0] > 0.1, of_b[0] > 0.1
    union = mask_a | mask_b
    window = np.outer(gaussian(11, 1.5), gaussian(11, 1.5))
    product = 1.0
    for a, b, f in zip(of_a, of_b, of_f, strict=True):
        best = np.zeros(a.shape)
        stronger = np.where(of_a[0] > of_b[0], a, b)
        for first, (source, mask) in enumerate(((a, mask_a), (b, mask_b), (stronger, union))):
            s = source * mask
            mean_s, mean_f, of_both, of_s, of_ff = (
                fftconvolve(one, window, mode="same") for one in (s, f, s * f, s * s, f * f)
            )
            spread = np.sqrt(np.abs((of_s - mean_s**2) * (of_ff - mean_f**2)))
            similarity = np.where(mask, (of_both - mean_s * mean_f + 1e-4) / (spread + 1e-4), 0)
            best = np.maximum(best, similarity) if first else similarity
        product *= best.sum() / union.sum()
    return float(product)
