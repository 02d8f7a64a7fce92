"""Which forms of which fusers a benchmark compares, and how each of them is built."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from fusion import build_fuser
from fusion.fusers import SHIPPED, Fuser, fuser_class, weights_file
from fusion.networks import load_network
from pipelines.benchmarks.plain_network import PlainISFuse

Fuse = Callable[[Tensor, Tensor], Tensor]
PLAIN = "plain"  # the row that stands for a direct implementation of the paper
PLAIN_OF = "isfuse"
PYTORCH, COMPILED = "pytorch", "torch.compile"
TORCH_BACKENDS = (PYTORCH, COMPILED)
FLOAT32, BFLOAT16 = "float32", "bfloat16"


@dataclass(frozen=True)
class Candidate:
    """One row: a fuser in one form.

    Args:
        name: of the row.
        fuser: as `build_fuser` takes it.
        backend: what computes it.
        precision: of its convolutions.
        device: as torch names it.
        options: of the fuser "onnx", for what is exported.
        left_out: why it cannot be measured.
    """

    name: str
    fuser: str
    backend: str = PYTORCH
    precision: str = FLOAT32
    device: str = "cpu"
    options: dict[str, Any] | None = None
    left_out: str = ""

    @property
    def yardstick(self) -> str:
        """Name the form whose work and size are this one's: the fuser's, unless it is the plain one."""
        return PLAIN if self.name == PLAIN else self.fuser


def torch_candidates(fuser: str, backends: Sequence[str], device: str) -> Iterator[Candidate]:
    """List what torch computes of a fuser; a network is halved and compiled too, and the plain form stands first."""
    if fuser == PLAIN_OF:
        yield Candidate(PLAIN, fuser, device=device)
    if PYTORCH in backends:
        yield Candidate(fuser, fuser, device=device)
    if PYTORCH in backends and is_network(fuser):
        yield Candidate(f"{fuser} {BFLOAT16}", fuser, PYTORCH, BFLOAT16, device)
    if COMPILED in backends and is_network(fuser):
        yield Candidate(f"{fuser} compiled", fuser, COMPILED, FLOAT32, device)
        yield Candidate(f"{fuser} compiled {BFLOAT16}", fuser, COMPILED, BFLOAT16, device)


def is_network(fuser: str) -> bool:
    """Tell whether a fuser is one of ours with trained weights, which can be exported and weighed."""
    return fuser_class(fuser).learned and "weights" in inspect.signature(fuser_class(fuser)).parameters


def build(candidate: Candidate) -> Fuse:
    """Make a candidate ready to fuse (B, 1, H, W) luma in [0, 1] that is on its device."""
    fuse = build_subject(candidate).fuse
    if candidate.backend == COMPILED:
        fuse = torch.compile(fuse)
    if candidate.options is not None or candidate.precision != BFLOAT16:
        return fuse

    def halved(infrared: Tensor, visible: Tensor) -> Tensor:
        with torch.autocast(candidate.device, torch.bfloat16):
            return fuse(infrared, visible).float()

    return halved


def build_subject(candidate: Candidate) -> Fuser | PlainISFuse:
    """Build the fuser itself, neither compiled nor halved."""
    if candidate.options is not None:
        return build_fuser("onnx", **candidate.options)
    if candidate.name == PLAIN:
        return PlainISFuse(load_network(weights_file(PLAIN_OF, SHIPPED))[0].to(candidate.device))
    return build_fuser(candidate.fuser, **({"device": candidate.device} if is_network(candidate.fuser) else {}))
