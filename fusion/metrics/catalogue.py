"""Every metric by convention and name: definition, direction, smallest image; look metrics up, and compute them.

A convention is the set of definitions behind published numbers: `eif` is the field's standard MATLAB code,
"Evaluation-for-Image-Fusion"; `cddfuse` and `vifb` are the evaluators of these projects; `clean` has none of their
quirks. Importing this module does not import torch, so that names can be checked while a run is planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fusion.errors import unknown_name
from fusion.metrics.metric import Metric

if TYPE_CHECKING:
    from torch import Tensor

_VIF_SIDE = 41  # the smallest image whose coarsest scale still contains the window
_MS_SSIM_SIDE = 176

_EN = Metric("EN", "information.entropy", "entropy of the 256 grey levels, bits")
_SD = Metric("SD", "fidelity.standard_deviation", "population standard deviation, grey levels")
_SF = Metric("SF", "gradient.spatial_frequency", "root of mean squared row plus column differences")
_AG = Metric("AG", "gradient.average_gradient", "mean of sqrt((Gx²+Gy²)/2), central differences, over (H-1)(W-1)")
_AG_MEAN = Metric("AG", "gradient.average_gradient_mean", "as eif, but over HW")
_EI = Metric("EI", "gradient.edge_intensity", "mean Sobel magnitude, border repeated")
_MI = Metric("MI", "information.mutual_information", "MI(A,F) + MI(B,F), bits, exact joint histogram")
_MI_NATS = Metric("MI", "information.mutual_information_nats", "as eif, but in nats")
_NMI = Metric("NMI", "information.normalised_mutual_information", "sum of 2 MI(X,F) / (H(X)+H(F))")
_CC = Metric("CC", "fidelity.correlation", "mean of corr(A,F), corr(B,F)", smallest_side=1)
_SCD = Metric("SCD", "fidelity.correlation_of_differences", "corr(F-B,A) + corr(F-A,B)", smallest_side=1)
_MSE = Metric("MSE", "fidelity.mean_squared_error", "mean of both errors, grey levels squared", higher_is_better=False)
_PSNR = Metric("PSNR_std", "fidelity.psnr", "proper PSNR of the pooled error, dB")
_VIF = Metric(
    "VIF",
    "similarity.visual_information_fidelity",
    "pixel-domain VIF(A,F) + VIF(B,F), four scales",
    smallest_side=_VIF_SIDE,
)
_QABF = Metric(
    "Qabf", "edges.edge_preservation", "edge strength and direction preserved, with the code's slip at equal strengths"
)
_NABF = Metric(
    "Nabf", "edges.fusion_artifacts", "weight of edges stronger than in both sources", higher_is_better=False
)
_SSIM = Metric("SSIM", "similarity.ssim", "mean of both, Gaussian 11x11, range 255", smallest_side=11)
_MS_SSIM = Metric(
    "MS_SSIM", "similarity.multi_scale_ssim", "mean of both, five scales, range 255", smallest_side=_MS_SSIM_SIDE
)
_QCB = Metric("Qcb", "contrast.chen_blum", "contrast of the sources that an eye still sees (Chen-Blum)")
_QCV = Metric(
    "Qcv",
    "contrast.chen_varshney",
    "difference from the salient blocks that an eye sees (Chen-Varshney)",
    higher_is_better=False,
)

_EIF = (
    *(_EN, _SD, _SF, _AG, _EI, _MI, _NMI, _CC, _SCD),
    Metric(
        "MSE", "fidelity.mean_squared_error_unit", "mean of both errors of images in [0, 1]", higher_is_better=False
    ),
    Metric("PSNR", "fidelity.psnr_standard_code", "peak 255 over the error of images in [0, 1]: 48.13 dB too high, dB"),
    *(_PSNR, _VIF, _QABF, _NABF, _SSIM, _MS_SSIM),
    Metric("MI_merged", "information.mutual_information_merged", "the code's MI: levels 254 and 255 merged jointly"),
    Metric("SSIM_L1", "similarity.ssim_range_1", "the code's SSIM: range 1", smallest_side=11),
    Metric(
        "MEF_MS_SSIM",
        "exposure.multi_exposure_ssim",
        "what the code prints as MS_SSIM: multi-exposure SSIM, three scales",
        smallest_side=41,
    ),
    Metric(
        "Nabf_as_called",
        "edges.fusion_artifacts_as_called",
        "the code's Nabf since 2023: infrared in the place of fused",
        higher_is_better=False,
    ),
    *(_QCB, _QCV),
    Metric("Qp", "phase.phase_congruency", "phase congruency and its moments, correlated with the sources (Zhao)"),
)
_CDDFUSE = (
    *(_EN, _SD, _SF, _AG_MEAN, _MI_NATS, _MSE, _CC),
    Metric("PSNR", "fidelity.psnr_of_brightest", "peak is the brightest fused pixel, pooled error, dB"),
    *(_SCD, _VIF, _QABF),
    Metric("SSIM", "similarity.ssim_cddfuse", "sum of both, uniform 7x7, range 2", smallest_side=7),
)
_VIFB = (
    *(_EN, _AG, _SD),
    Metric("SF", "gradient.spatial_frequency_vifb", "as eif, but both sums over HW"),
    *(_EI, _MI_NATS),
    Metric("PSNR", "fidelity.psnr_vifb", "peak 255² over sqrt(sum d²)/HW, dB"),
    Metric("RMSE", "fidelity.rmse_vifb", "sqrt(sum d²)/HW, mean of both", higher_is_better=False),
    Metric("Qabf", "edges.edge_preservation_vifb", "as eif, the slip 255 times as large"),
    *(_QCB, _QCV),
    Metric(
        "CE",
        "information.cross_entropy",
        "cross entropy of source and fused levels, bits, mean of both",
        higher_is_better=False,
    ),
    Metric("SSIM", "similarity.ssim_sum", "sum of both, Gaussian 11x11, range 255", smallest_side=11),
)
_CLEAN = (
    *(_EN, _SD, _SF, _AG_MEAN, _EI, _MI, _NMI, _CC, _SCD, _MSE),
    Metric("PSNR", "fidelity.psnr_mean", "mean of the two proper PSNRs, dB"),
    _VIF,
    Metric("Qabf", "edges.edge_preservation_clean", "as eif, with ratio 1 for equal strengths"),
    *(_NABF, _SSIM, _MS_SSIM),
    Metric("PSNR_pooled", "fidelity.psnr", "proper PSNR of the pooled error, dB"),
    Metric("SD_sample", "fidelity.sample_deviation", "standard deviation with divisor n-1"),
)

CONVENTIONS: dict[str, dict[str, Metric]] = {
    convention: {metric.name: metric for metric in metrics}
    for convention, metrics in {"eif": _EIF, "cddfuse": _CDDFUSE, "vifb": _VIFB, "clean": _CLEAN}.items()
}
# The metrics that are computed unless names are given; the others of a convention must be named.
SUITES: dict[str, tuple[str, ...]] = {
    "eif": tuple(metric.name for metric in _EIF[:17]),
    "cddfuse": tuple(metric.name for metric in _CDDFUSE),
    "vifb": tuple(metric.name for metric in _VIFB),
    "clean": tuple(metric.name for metric in _CLEAN[:16]),
}


def choose_metrics(names: Sequence[str] | None = None, convention: str = "eif") -> list[Metric]:
    """Look up metrics by name; None returns the suite of the convention.

    Raises:
        InputError: unknown convention or metric, with the nearest one and the list.

    Example:
        >>> [(metric.name, metric.higher_is_better) for metric in choose_metrics(["EN", "Nabf"])]
        [('EN', True), ('Nabf', False)]
    """
    if convention not in CONVENTIONS:
        raise unknown_name("convention", convention, CONVENTIONS)
    known = CONVENTIONS[convention]
    for name in names or ():
        if name not in known:
            raise unknown_name(f"metric of convention {convention!r}", name, known)
    return [known[name] for name in (SUITES[convention] if names is None else names)]


def measure(
    infrared: Tensor, visible: Tensor, fused: Tensor, names: Sequence[str] | None = None, convention: str = "eif"
) -> dict[str, Tensor]:
    """Compute metrics of a batch of fused images; intermediate results that several metrics need are computed once.

    Args:
        infrared: (B, 1, H, W) luma as grey levels 0..255, uint8 or floats without fraction, on any device.
        visible: likewise.
        fused: likewise.
        names: of the metrics; None for the suite of the convention.
        convention: "eif", "cddfuse", "vifb" or "clean".

    Returns:
        Metric name to (B,) float64; NaN where a metric is undefined, as the docstring of its function says.

    Raises:
        InputError: unknown convention or metric.
        ValueError: the images are not as described, or too small for a metric.

    Verified against: the standard MATLAB code in GNU Octave, the evaluators of VIFB and CDDFuse, scikit-image,
    scikit-learn, sewar, SciPy and OpenCV (tests/fusion/metrics), 1e-9.

    Example:
        >>> import torch
        >>> infrared = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
        >>> visible = infrared.transpose(2, 3)
        >>> fused = torch.maximum(infrared, visible)
        >>> {name: f"{values.item():.3f}" for name, values in measure(infrared, visible, fused, ["EN", "AG"]).items()}
        {'EN': '7.062', 'AG': '12.696'}
    """
    import torch

    from fusion.metrics.triplet import Triplet

    metrics = choose_metrics(names, convention)
    with torch.inference_mode():
        images = Triplet(infrared, visible, fused)
        return {metric.name: metric(images) for metric in metrics}
