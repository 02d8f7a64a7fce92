"""Equality with public metric code, run in GNU Octave and Python on small images made from formulas.

The origin of the numbers is described in synthetic/README.md.
"""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fusion.metrics.synthetic_table import LEFT_OUT, MEF_PARTS, MEF_WEIGHTS, SCD_PARTS, SF_PARTS, SINGLE
from tests.fusion.metrics.synthetic_triplets import SYNTHETIC, TRIPLETS, measure_one, read_grey, read_triplet

EXPECTED: dict[str, dict[str, dict[str, float]]] = json.loads((SYNTHETIC / "expected.json").read_text())

TOLERANCE = 1e-9
LOOSER: dict[tuple[str, str], float] = {}  # (group, key): tolerance, with the reason

CASES = [(*entry, triplet) for triplet in TRIPLETS for entry in SINGLE if entry[1] in EXPECTED[triplet][entry[0]]]
UNDEFINED = {("eif_octave", "MEF_MS_SSIM", "triplet_6")}  # negative scores have no real power


def test_every_value_of_the_oracle_is_compared_or_listed_as_omitted() -> None:
    there = {(group, key) for groups in EXPECTED.values() for group, values in groups.items() for key in values}
    compared = {*SINGLE, *SCD_PARTS, *SF_PARTS, *MEF_PARTS}
    assert set(EXPECTED) == set(TRIPLETS)
    assert compared | set(LEFT_OUT) == there
    assert not compared & set(LEFT_OUT)
    assert {(*entry, triplet) for triplet in TRIPLETS for entry in SINGLE} - set(CASES) == UNDEFINED


@pytest.mark.parametrize(("group", "key", "triplet"), CASES)
def test_a_metric_equals_the_public_code(group: str, key: str, triplet: str) -> None:
    convention, metric, images, factor = SINGLE[group, key]
    found = factor * measure_one(read_triplet(triplet, images), metric, convention)
    tolerance = LOOSER.get((group, key), TOLERANCE)
    assert found == pytest.approx(EXPECTED[triplet][group][key], rel=0, abs=tolerance)


def parts(triplet: str, keys: list[tuple[str, str]]) -> list[float]:
    return [EXPECTED[triplet][group][key] for group, key in keys]


@pytest.mark.parametrize("triplet", TRIPLETS)
def test_scd_is_the_sum_of_its_parts(triplet: str) -> None:
    found = measure_one(read_triplet(triplet), "SCD", "eif")
    assert found == pytest.approx(sum(parts(triplet, SCD_PARTS)), rel=0, abs=TOLERANCE)


@pytest.mark.parametrize("triplet", TRIPLETS)
def test_sf_is_the_root_of_its_squared_parts(triplet: str) -> None:
    found = measure_one(read_triplet(triplet), "SF", "eif")
    assert found == pytest.approx(math.hypot(*parts(triplet, SF_PARTS)), rel=0, abs=TOLERANCE)


@pytest.mark.parametrize("triplet", TRIPLETS[:5])
def test_mef_ms_ssim_is_the_weighted_product_of_its_scales(triplet: str) -> None:
    scores = parts(triplet, MEF_PARTS)
    powers = [weight / sum(MEF_WEIGHTS) for weight in MEF_WEIGHTS]
    expected = math.prod(score**power for score, power in zip(scores, powers, strict=True))
    assert measure_one(read_triplet(triplet), "MEF_MS_SSIM", "eif") == pytest.approx(expected, rel=0, abs=TOLERANCE)


@pytest.mark.parametrize("triplet", TRIPLETS)
@pytest.mark.parametrize("metric", ["Qcb", "Qcv", "Qp"])
def test_metrics_of_perception_equal_the_toolbox(triplet: str, metric: str) -> None:
    expected = json.loads((SYNTHETIC / "toolbox.json").read_text())[triplet][metric]
    assert measure_one(read_triplet(triplet), metric, "eif") == pytest.approx(expected, rel=1e-9, abs=TOLERANCE)


def test_the_formulas_generate_the_committed_images(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SYNTHETIC / "make_images.py"), str(tmp_path)], check=True)
    facts = json.loads((SYNTHETIC / "images.json").read_text())
    assert json.loads((tmp_path / "images.json").read_text()) == facts
    assert len(facts) == 3 * len(TRIPLETS)
    for name, fact in facts.items():
        for folder in (SYNTHETIC, tmp_path):
            pixels = read_grey(folder / f"{name}.png")
            assert list(pixels.shape) == fact["shape"]
            assert hashlib.sha256(pixels.tobytes()).hexdigest() == fact["sha256"]
