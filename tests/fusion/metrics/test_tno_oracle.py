"""Equality with the standard code on the fused images of two published methods."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import cv2
import pytest

from fusion.metrics import measure
from tests.fusion.metrics.plain_filters import Pixels
from tests.fusion.metrics.synthetic_triplets import as_batch

METHODS = {"SeAFusion": 12, "DenseFuse": 6}
IMAGES = [(method, f"{number:02}.png") for method, count in METHODS.items() for number in range(1, count + 1)]

COMPARED = {  # key of the oracle: our metric, factor
    "EN": ("EN", 1),
    "SD_255": ("SD", 1),
    "SF_unit_scale": ("SF", 1 / 255),
    "AG": ("AG", 1),
    "MI": ("MI_merged", 1),
    "MI_no_saturation": ("MI", 1),
    "MSE": ("MSE", 1),
    "PSNR": ("PSNR", 1),
    "CC": ("CC", 1),
    "SCD": ("SCD", 1),
    "VIF_255": ("VIF", 1),
    "Qabf_integer": ("Qabf", 1),
}
NOT_REPRODUCED = {
    "SD_legacy_uint8": "tables before 2023, with sums saturating at 255",
    "VIF_legacy_uint8": "as SD_legacy_uint8",
    "Qabf": "computed on images scaled to 0..1, where the test Sobel_x == 0 depends on rounding",
}

TOLERANCE = 1e-9
LOOSER = {
    "VIF_255": 1e-6,  # computed on another machine, with another order of sums
    "Qabf_integer": 1e-6,  # as VIF_255
}


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[str, dict[str, dict[str, float]]]:
    return dict(json.loads((shared / "oracle" / "tno" / "expected.json").read_text()))


def read_luma(path: Path) -> Pixels:
    """Read luma rounded as the standard code does: in some fused images, channels differ by one level."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert pixels is not None, path
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype("uint8")


@cache
def measured(shared: Path, method: str, name: str) -> dict[str, float]:
    paths = [shared / "data" / "TNO" / kind / name for kind in ("ir", "vi")]
    images = [as_batch(read_luma(path)) for path in (*paths, shared / "oracle" / "tno" / method / name)]
    values = measure(*images, [metric for metric, _ in COMPARED.values()], "eif")
    return {metric: value.item() for metric, value in values.items()}


def test_every_image_and_value_of_the_oracle_is_compared_or_listed(
    expected: dict[str, dict[str, dict[str, float]]],
) -> None:
    assert {(method, name) for method, images in expected.items() for name in images} == set(IMAGES)
    for images in expected.values():
        for values in images.values():
            assert set(values) == set(COMPARED) | set(NOT_REPRODUCED)


@pytest.mark.parametrize(("method", "name"), [entry for entry in IMAGES if entry[1] <= "03.png"])
def test_metrics_of_perception_equal_the_toolbox(shared: Path, method: str, name: str) -> None:
    expected = json.loads((shared / "oracle" / "extra" / "tno.json").read_text())[f"TNO/{method}/{name}"]
    paths = [shared / "data" / "TNO" / kind / name for kind in ("ir", "vi")]
    images = [as_batch(read_luma(path)) for path in (*paths, shared / "oracle" / "tno" / method / name)]
    for metric, value in measure(*images, ["Qcb", "Qcv", "Qp"], "eif").items():
        assert value.item() == pytest.approx(expected[metric], rel=1e-9, abs=1e-8 if metric == "Qp" else 1e-9), metric


@pytest.mark.parametrize(("method", "name"), IMAGES)
def test_a_published_fused_image_has_the_values_of_the_standard_code(
    expected: dict[str, dict[str, dict[str, float]]], shared: Path, method: str, name: str
) -> None:
    found = measured(shared, method, name)
    for key, (metric, factor) in COMPARED.items():
        wanted = expected[method][name][key]
        assert factor * found[metric] == pytest.approx(wanted, rel=0, abs=LOOSER.get(key, TOLERANCE)), key
