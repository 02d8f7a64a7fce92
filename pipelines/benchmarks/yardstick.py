"""What every form of one network is held against: its own float32 result, its work and its size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from pipelines.benchmarks.candidates import Candidate, build_subject, is_network


class Yardstick(NamedTuple):
    """The result of torch on the CPU in float32, multiply-accumulates for these images, parameters as they are run."""

    fused: Tensor
    macs: int
    parameters: int


def yardsticks(candidates: Sequence[Candidate], infrared: Tensor, visible: Tensor) -> dict[str, Yardstick]:
    """Measure every network among the candidates in its plain float32 form, by what `Candidate.yardstick` names.

    Args:
        candidates: in any form.
        infrared: (1, 1, H, W) in [0, 1].
        visible: likewise.
    """
    networks = {c.yardstick: c for c in candidates if is_network(c.fuser)}
    return {name: _measure(Candidate(name, candidate.fuser), infrared, visible) for name, candidate in networks.items()}


def _measure(candidate: Candidate, infrared: Tensor, visible: Tensor) -> Yardstick:
    subject = build_subject(candidate)
    fused = subject.fuse(infrared, visible)
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):  # torch counts no other on the CPU
        subject.fuse(infrared, visible)
    modules = [value for value in vars(subject).values() if isinstance(value, nn.Module)]
    parameters = sum(parameter.numel() for module in modules for parameter in module.parameters())
    return Yardstick(fused, counter.get_total_flops() // 2, parameters)
