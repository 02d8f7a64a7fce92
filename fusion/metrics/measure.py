"""The metrics of image fusion, each under the convention that a paper's number was made with.

Example:
    >>> from fusion.metrics import measure
    >>> measure(infrared, visible, fused, ["AG", "Qabf"])  # (B, 1, H, W) uint8, triplet_1 of the tests
    {'AG': tensor([6.6828], dtype=torch.float64), 'Qabf': tensor([0.4740], dtype=torch.float64)}
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fusion.errors import unknown_name
from fusion.metrics.catalogue import CONVENTIONS, SUITES
from fusion.metrics.metric import Metric
from fusion.metrics.triplet import Triplet


def choose_metrics(names: Sequence[str] | None = None, convention: str = "eif") -> list[Metric]:
    """Look metrics up; None gives the convention's suite.

    Raises:
        InputError: unknown convention or metric, with the nearest one and the list.
    """
    if convention not in CONVENTIONS:
        raise unknown_name("convention", convention, CONVENTIONS)
    known = CONVENTIONS[convention]
    for name in names or ():
        if name not in known:
            raise unknown_name(f"metric of convention {convention!r}", name, known)
    return [known[name] for name in (SUITES[convention] if names is None else names)]


@torch.inference_mode()
def measure(
    infrared: Tensor, visible: Tensor, fused: Tensor, names: Sequence[str] | None = None, convention: str = "eif"
) -> dict[str, Tensor]:
    """Compute metrics of a batch of fused images; what several of them need is computed once.

    Args:
        infrared: (B, 1, H, W) grey levels 0..255, uint8 or whole floats, on any device.
        visible: luma, likewise.
        fused: luma, likewise.
        names: which metrics; None for the convention's suite.
        convention: "eif", "cddfuse", "vifb" or "clean".

    Returns:
        By name, (B,) float64; NaN where a metric is not defined, as its function says.

    Raises:
        InputError: unknown convention or metric.
        ValueError: the images are not as described, or too small for a metric.

    Verified against: the standard MATLAB code in GNU Octave, VIFB's and CDDFuse's evaluators, scikit-image,
    scikit-learn, sewar, SciPy and OpenCV (tests/fusion/metrics), 1e-9.
    """
    metrics = choose_metrics(names, convention)
    images = Triplet(infrared, visible, fused)
    return {metric.name: metric(images) for metric in metrics}
