"""What the candidates are compared with: the plain network, and the float32 result, work and size of each network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fusion.networks import POOLED_SIZE, CausalFeatureIntegrator, ISFuse
from pipelines.benchmarks.candidates import Candidate, build_subject, is_network


class Reference(NamedTuple):
    """A network in float32 on the CPU: its result, its multiply-accumulates for these images, and its parameters."""

    fused: Tensor
    macs: int
    parameters: int


def references(candidates: Sequence[Candidate], infrared: Tensor, visible: Tensor) -> dict[str, Reference]:
    """Measure each network among the candidates in plain float32.

    Args:
        candidates: in any form.
        infrared: (1, 1, H, W) luma in [0, 1].
        visible: likewise.

    Returns:
        References by `Candidate.reference`.
    """
    networks = {c.reference: c for c in candidates if is_network(c.fuser)}
    return {name: _measure(Candidate(name, candidate.fuser), infrared, visible) for name, candidate in networks.items()}


def _measure(candidate: Candidate, infrared: Tensor, visible: Tensor) -> Reference:
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode  # imports triton, which the measured processes do without

    subject = build_subject(candidate)
    fused = subject.fuse(infrared, visible)
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):  # the only one torch counts on CPUs
        subject.fuse(infrared, visible)
    modules = [value for value in vars(subject).values() if isinstance(value, nn.Module)]
    parameters = sum(parameter.numel() for module in modules for parameter in module.parameters())
    return Reference(fused, counter.get_total_flops() // 2, parameters)


class PlainISFuse:
    """`ISFuse` as its paper describes it, without optimizations; the row that all speeds are ratios to.

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
