"""All ratios refer to the plain network, so it has to compute the same as ISFuse."""

import pytest
import torch
from torch import nn

from fusion import build_fuser
from fusion.fusers.learned import SHIPPED, weights_file
from fusion.networks.checkpoints import load_network
from fusion.networks.isfuse import ISFuse
from pipelines.benchmarks.plain_isfuse import PlainISFuse


def made(**variant):
    """Return a network with running statistics and affine weights as they are after training."""
    torch.manual_seed(0)
    network = ISFuse(**variant).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.05, 0.5)
            nn.init.normal_(module.weight, 1, 0.2)
    return network


@pytest.mark.parametrize("size", [(4, 4), (5, 7), (33, 47), (64, 48)])
@pytest.mark.parametrize("variant", [{"shared_encoder": False, "gate": "pixel"}, {"channels": 8}])
def test_the_plain_form_equals_the_network(size, variant):
    network, pair = made(**variant), torch.rand(2, 2, 1, *size).unbind()
    fused = PlainISFuse(network).fuse(*pair)
    assert fused.std() > 1e-3  # otherwise equality would prove little
    torch.testing.assert_close(fused, network(*pair).fused, rtol=0, atol=1e-5)


def test_with_the_shipped_weights_it_equals_the_fuser():
    plain, ours = PlainISFuse(load_network(weights_file("isfuse", SHIPPED))[0]), build_fuser("isfuse", device="cpu")
    pair = torch.rand(2, 1, 1, 37, 51).unbind()
    torch.testing.assert_close(plain.fuse(*pair), ours.fuse(*pair), rtol=0, atol=1e-5)
