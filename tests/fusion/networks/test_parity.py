"""Equality with the authors' released network on one image pair.

The reference picture was computed on another processor, which adds float32 values in another order; this moves a few
values across a rounding tie.
"""

import json

import cv2
import pytest
import torch

from fusion.images.colour import luma
from fusion.images.io import read_infrared, read_visible
from fusion.networks.checkpoints import load_reference

TIE = 2e-4  # grey levels; measured 1e-4 between processors
MOST_TIES = 40  # of 786432 pixels; measured 10, and 11 to 16 without our optimisations


@pytest.fixture(scope="module")
def parity(shared):
    network = load_reference(shared / "oracle" / "isfuse" / "best.pth")
    infrared = read_infrared(shared / "data" / "M3FD" / "Ir" / "00000.png")
    visible = luma(read_visible(shared / "data" / "M3FD" / "Vis" / "00000.png"))
    with torch.inference_mode():
        return network(infrared[None], visible[None])


@pytest.fixture(scope="module")
def golden(shared):
    return json.loads((shared / "oracle" / "isfuse" / "golden_00000.json").read_text())


def test_the_output_has_the_statistics_of_the_released_network(parity, golden):
    fused = parity.fused.double()
    assert fused.mean().item() == pytest.approx(golden["out_mean"], abs=1e-5)
    assert fused.std().item() == pytest.approx(golden["out_std"], abs=1e-5)
    assert fused[0, 0, 0, :8].tolist() == pytest.approx(golden["out_0_0_0_8"], abs=1e-5)


def test_the_gates_open_as_those_of_the_released_network(parity, golden):
    means = [gate.double().mean().item() for gate in parity.gates]
    assert means == pytest.approx([golden["g5"], golden["g4"], golden["g3"]], abs=1e-5)


def test_the_picture_is_that_of_the_released_network_but_for_rounding_ties(parity, shared):
    expected = cv2.imread(str(shared / "oracle" / "isfuse" / "expected_Y_00000.png"), cv2.IMREAD_GRAYSCALE)
    levels = parity.fused[0, 0].double() * 255
    difference = (levels.round() - torch.from_numpy(expected)).abs()
    to_tie = (levels - levels.floor() - 0.5).abs()[difference > 0]
    assert difference.max() <= 1
    assert len(to_tie) <= MOST_TIES
    assert (to_tie < TIE).all()
