"""How each value of synthetic/expected.json is obtained from measure(): metric, images and factor."""

from __future__ import annotations

from typing import NamedTuple

from tests.fusion.metrics.synthetic_triplets import BOTH

INFRARED_TWICE = ("ir", "ir", "fused")  # a sum over two equal sources is twice the value of one, a mean is its value
VISIBLE_TWICE = ("vi", "vi", "fused")
MEF_WEIGHTS = (0.0448, 0.2856, 0.3001)


class Obtained(NamedTuple):
    convention: str
    metric: str
    images: tuple[str, str, str] = BOTH
    factor: float = 1.0


def _same(convention: str, *metrics: str) -> dict[str, Obtained]:
    return {metric: Obtained(convention, metric) for metric in metrics}


def _per_source(key: str, convention: str, metric: str, factor: float) -> dict[str, Obtained]:
    return {
        f"{key}_ir": Obtained(convention, metric, INFRARED_TWICE, factor),
        f"{key}_vi": Obtained(convention, metric, VISIBLE_TWICE, factor),
    }


def _entropies(key: str) -> dict[str, Obtained]:
    return {f"{key}_{role}": Obtained("eif", "EN", ("ir", "vi", role)) for role in ("ir", "vi")}


_GROUPS: dict[str, dict[str, Obtained]] = {
    "eif_octave": {
        **_same("eif", "EN", "SD", "SF", "AG", "CC", "SCD", "MSE", "PSNR", "VIF", "Qabf"),
        **_same("eif", "Nabf", "Nabf_as_called", "MEF_MS_SSIM"),
        "MI": Obtained("eif", "MI_merged"),
        **_per_source("MI", "eif", "MI_merged", 0.5),
        **_per_source("VIF", "eif", "VIF", 0.5),
        **_entropies("EN"),
    },
    "clean_octave": {
        **_same("clean", "PSNR_pooled", "SD_sample"),
        "MI_bits": Obtained("clean", "MI"),
        **_per_source("MI_bits", "clean", "MI", 0.5),
        "AG_mean": Obtained("clean", "AG"),
        "MSE_mean": Obtained("clean", "MSE"),
        **_per_source("MSE", "clean", "MSE", 1),
        "PSNR_mean": Obtained("clean", "PSNR"),
        **_per_source("PSNR", "clean", "PSNR", 1),
        **_per_source("CC", "clean", "CC", 1),
        "SF_unit": Obtained("clean", "SF", factor=1 / 255),
        "Qabf_equal_is_1": Obtained("clean", "Qabf"),
    },
    "vifb_octave": {
        **_same("vifb", "EN", "AG", "SD", "SF", "EI", "MI", "PSNR", "RMSE", "Qabf", "CE"),
        "SSIM_sum": Obtained("vifb", "SSIM"),
    },
    "cddfuse": {
        **_same("cddfuse", "EN", "SD", "SF", "AG", "MSE", "CC", "SCD", "VIF", "Qabf"),
        "MI_nats": Obtained("cddfuse", "MI"),
        "PSNR_maxF": Obtained("cddfuse", "PSNR"),
    },
    "skimage": {
        "shannon_entropy_fused": Obtained("eif", "EN"),
        **_entropies("shannon_entropy"),
        **_per_source("ssim_gauss", "eif", "SSIM", 1),
        **_per_source("ssim_gauss_L1", "eif", "SSIM_L1", 1),
        **_per_source("mse", "clean", "MSE", 1),
        **_per_source("psnr", "clean", "PSNR", 1),
    },
    "sewar": _per_source("vifp", "eif", "VIF", 0.5),
    "sklearn": _per_source("mutual_info_nats", "cddfuse", "MI", 0.5),
    "scipy": _per_source("pearsonr", "eif", "CC", 1),
    "opencv": _per_source("PSNR", "clean", "PSNR", 1),
}
SINGLE = {(group, key): obtained for group, table in _GROUPS.items() for key, obtained in table.items()}

# Values that only together make one of our metrics.
SCD_PARTS = [("clean_octave", "SCD_ir"), ("clean_octave", "SCD_vi")]
SF_PARTS = [("clean_octave", "SF_rows"), ("clean_octave", "SF_cols")]
MEF_PARTS = [("eif_octave", f"MEF_SSIM_scale{scale}") for scale in (1, 2, 3)]

LEFT_OUT = {
    ("eif_octave_fmi", "FMI_none"): "feature mutual information is optional and not offered",
    ("eif_octave_fmi", "FMI_gradient"): "as FMI_none",
    ("eif_octave_fmi", "FMI_dct"): "as FMI_none",
    (
        "skimage",
        "ssim_uniform7_ir",
    ): "data range 255, where cddfuse has 2 (test_independent_libraries.py)",
    ("skimage", "ssim_uniform7_vi"): "as ssim_uniform7_ir",
}
