"""Gate maps of a trained network for one pair."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fusion.fusers.learned import ISFuseFuser
from fusion.networks.checkpoints import load_network, save_network
from fusion.networks.isfuse import ISFuse
from fusion.networks.settings import GateForm

PAIR = torch.rand(2, 1, 33, 47, generator=torch.Generator().manual_seed(0)).unbind()


def weights(folder: Path, gate: GateForm) -> Path:
    torch.manual_seed(0)
    network = ISFuse(channels=8, gate=gate)
    for _ in range(5):  # so that BatchNorm is not the identity
        network(torch.rand(2, 1, 32, 32), torch.rand(2, 1, 32, 32))
    save_network(folder / "isfuse.safetensors", network, {"channels": 8, "gate": gate}, {})
    return folder / "isfuse.safetensors"


@pytest.mark.parametrize("gate", ["channel", "pixel"])
def test_the_gates_are_the_networks_averaged_over_channels(tmp_path: Path, gate: GateForm) -> None:
    path = weights(tmp_path, gate)
    network, _ = load_network(path)
    gates = ISFuseFuser(path, device="cpu").gates(*PAIR)
    assert [found.shape for found in gates] == [(1, 33, 47), (1, 16, 23), (1, 8, 11)]
    with torch.inference_mode():
        of_network = network(PAIR[0][None], PAIR[1][None]).gates
    for found, expected in zip(gates, of_network, strict=True):
        assert not found.requires_grad
        assert found.std() > 1e-4  # otherwise the equality would be trivial
        torch.testing.assert_close(found, expected.mean(dim=1), rtol=0, atol=1e-5)


def test_the_gates_of_a_network_without_gates_are_1(tmp_path: Path) -> None:
    gates = ISFuseFuser(weights(tmp_path, "none"), device="cpu").gates(*PAIR)
    assert [found.shape for found in gates] == [(1, 33, 47), (1, 16, 23), (1, 8, 11)]
    assert all((found == 1).all() for found in gates)
