"""The plain implementations by convention and name, in the order of a report."""

from __future__ import annotations

from collections.abc import Callable

from tests.fusion.metrics import plain_edges as edges
from tests.fusion.metrics import plain_exposure as exposure
from tests.fusion.metrics import plain_gradients as gradients
from tests.fusion.metrics import plain_perception as perception
from tests.fusion.metrics import plain_similarity as similarity
from tests.fusion.metrics import plain_statistics as statistics
from tests.fusion.metrics.plain_filters import Pixels

Plain = Callable[[Pixels, Pixels, Pixels], float]

PLAIN: dict[str, dict[str, Plain]] = {
    "eif": {
        "EN": statistics.entropy,
        "SD": statistics.deviation,
        "SF": gradients.frequency,
        "AG": gradients.gradient,
        "EI": gradients.edge_intensity,
        "MI": statistics.information,
        "NMI": statistics.information_normalised,
        "CC": statistics.correlation,
        "SCD": statistics.correlation_of_differences,
        "MSE": statistics.error_unit,
        "PSNR": statistics.psnr_eif,
        "PSNR_std": statistics.psnr_pooled,
        "VIF": similarity.vif,
        "Qabf": edges.qabf,
        "Nabf": edges.nabf,
        "SSIM": similarity.ssim,
        "MS_SSIM": similarity.ms_ssim,
        "MI_merged": statistics.information_merged,
        "SSIM_L1": similarity.ssim_l1,
        "MEF_MS_SSIM": exposure.mef_ms_ssim,
        "Nabf_as_called": edges.nabf_as_called,
        "Qcb": perception.qcb,
        "Qcv": perception.qcv,
        "Qp": perception.qp,
    },
    "cddfuse": {
        "EN": statistics.entropy,
        "SD": statistics.deviation,
        "SF": gradients.frequency,
        "AG": gradients.gradient_mean,
        "MI": statistics.information_nats,
        "MSE": statistics.error,
        "CC": statistics.correlation,
        "PSNR": statistics.psnr_of_brightest,
        "SCD": statistics.correlation_of_differences,
        "VIF": similarity.vif,
        "Qabf": edges.qabf,
        "SSIM": similarity.ssim_cddfuse,
    },
    "vifb": {
        "EN": statistics.entropy,
        "AG": gradients.gradient,
        "SD": statistics.deviation,
        "SF": gradients.frequency_vifb,
        "EI": gradients.edge_intensity,
        "MI": statistics.information_nats,
        "PSNR": statistics.psnr_vifb,
        "RMSE": statistics.rmse_vifb,
        "Qabf": edges.qabf_vifb,
        "Qcb": perception.qcb,
        "Qcv": perception.qcv,
        "CE": statistics.cross_entropy,
        "SSIM": similarity.ssim_sum,
    },
    "clean": {
        "EN": statistics.entropy,
        "SD": statistics.deviation,
        "SF": gradients.frequency,
        "AG": gradients.gradient_mean,
        "EI": gradients.edge_intensity,
        "MI": statistics.information,
        "NMI": statistics.information_normalised,
        "CC": statistics.correlation,
        "SCD": statistics.correlation_of_differences,
        "MSE": statistics.error,
        "PSNR": statistics.psnr_mean,
        "VIF": similarity.vif,
        "Qabf": edges.qabf_equal_is_1,
        "Nabf": edges.nabf,
        "SSIM": similarity.ssim,
        "MS_SSIM": similarity.ms_ssim,
        "PSNR_pooled": statistics.psnr_pooled,
        "SD_sample": statistics.deviation_sample,
    },
}
