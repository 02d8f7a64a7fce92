"""ISFuse as its paper describes it, without optimizations: the network that all speeds are ratios to."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.networks import POOLED_SIZE, CausalFeatureIntegrator, ISFuse


class PlainISFuse:
    """A direct implementation of `ISFuse`.

    It has the layers of the given network, but BatchNorm is not folded, tensors are NCHW, and queries, keys and values
    are projected at every pixel before keys and values are pooled.

    Args:
        network: in eval mode, with gates. Its layers are shared, not copied.

    Source: ISFuse, arXiv 2603.23272, section on the causal feature integrator.
    Verified against: `ISFuse`, 1e-5.
    """

    def __init__(self, network: ISFuse) -> None:
        self._network = network

    @torch.no_grad()
    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Fuse (B, 1, H, W) infrared and visible luma in [0, 1], H, W >= 4, into one of the same shape and range."""
        network = self._network
        scales = zip(network.encode_infrared(infrared)[1:], network.encode_visible(visible)[1:], strict=True)
        integrated = [
            _integrate(integrator, *features)  # type: ignore[arg-type]
            for integrator, features in zip(network.integrators, scales, strict=True)
        ]
        decoded = integrated[-1]
        for decoder, finer in zip(reversed(network.decoders), reversed(integrated[:-1]), strict=True):
            decoded = decoder(F.interpolate(decoded, finer.shape[2:], mode="bilinear", align_corners=False) + finer)
        fused: Tensor = torch.sigmoid(network.head(decoded))
        return fused


def _integrate(integrator: CausalFeatureIntegrator, infrared: Tensor, visible: Tensor) -> Tensor:
    """Compute cross-modal attention in both directions and blend the result with the features; all (B, C, H, W)."""
    keys, values = integrator.key_infrared(infrared), integrator.value_infrared(infrared)
    complementary = _attend(integrator.query_visible(visible), keys, values)
    keys, values = integrator.key_visible(visible), integrator.value_visible(visible)
    complementary = complementary + _attend(integrator.query_infrared(infrared), keys, values)
    assert integrator.gate is not None
    gate, local = integrator.gate(complementary), infrared + visible
    blended: Tensor = integrator.refine(gate * complementary + (1 - gate) * local)
    return blended


def _attend(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Compute softmax(q.k / sqrt(C)) attention over pooled keys and values; all (B, C, H, W)."""
    pooled_keys, pooled_values = (F.adaptive_avg_pool2d(maps, POOLED_SIZE).flatten(2) for maps in (keys, values))
    logits = queries.flatten(2).transpose(1, 2) @ pooled_keys / queries.shape[1] ** 0.5  # (B, HW, hw)
    attended: Tensor = logits.softmax(dim=2) @ pooled_values.transpose(1, 2)  # (B, HW, C)
    return attended.transpose(1, 2).reshape(queries.shape)
